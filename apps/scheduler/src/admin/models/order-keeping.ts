import type { Logger } from 'pino';
import type { Fleet } from '#core';
import type { Observer, DeclarationChange, Turn } from '#engine';
import type { Writes } from '../idempotency/writes.js';

/** What is stored, and what follows from the fleet. */
interface Book {
  changes(fleet: Readonly<Fleet>): readonly DeclarationChange[];
  follow(changes: readonly DeclarationChange[]): void;
}

/** Has the store follow what becomes of orders of admins, and of leavings, so that a restart goes on with what is not done. */
export class OrderKeeping implements Observer {
  private isWriting = false;
  private isFailing = false;

  constructor(
    private readonly book: Book,
    private readonly writes: Writes,
    private readonly log: Pick<Logger, 'error'>,
  ) {}

  turnTaken(_: Turn, fleet: Fleet): void {
    if (!this.isWriting && this.isBehind(fleet)) void this.keep(fleet);
  }

  private isBehind(fleet: Fleet): boolean {
    return this.book.changes(fleet).length > 0;
  }

  /** What cannot be stored now is so after a later turn: until then the store has more to be done than there is. */
  private async keep(fleet: Fleet): Promise<void> {
    this.isWriting = true;
    try {
      while (this.isBehind(fleet)) await this.writes.follow(this.book, () => this.book.changes(fleet));
      this.isFailing = false;
    } catch (error) {
      this.failed(error);
    } finally {
      this.isWriting = false;
    }
  }

  /** Said once until it has been stored again: the next try comes with the next turn. */
  private failed(error: unknown): void {
    if (!this.isFailing)
      this.log.error({ err: error }, 'what became of orders or of leavings was not stored');
    this.isFailing = true;
  }
}
