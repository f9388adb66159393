import { CallerGone } from './caller-gone.js';
import { Refused } from '../errors/refused.js';
import { type Owner, Room } from './room.js';

/** Longer answers need room. */
const LONG = 64 * 2 ** 10;
/** Milliseconds for which a call waits for room. */
const PATIENCE_MS = 30_000;
/** Bound of calls that wait for room. */
const MAX_WAITING = 1_000;
const NO_ROOM = new Refused({
  ...{ reason: 'busy', retryAfter: 1_000 },
  detail: 'too many long answers wait to be taken',
});

/** The call that takes an answer. */
export interface Taker extends Owner {
  /** Whether the call changes nothing: then its answer can be made again. */
  readonly isRead: boolean;
  /** Aborts when the call has ended in any way. */
  readonly ended: AbortSignal;
}

/** Bounds the long answers that wait to be taken. */
export class Untaken {
  private readonly room = new Room();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Sees which of the calls that wait for room have it, or have waited for too long. */
  look(): void {
    for (const look of [...this.waiting]) look();
  }

  /**
   * Makes an answer. A long one that finds no room is let go, and made anew once there is room; that of a write is sent in any
   * case. It has its room until the call ends. Rejects as `make` does, with `busy`, and with `CallerGone`.
   */
  async answer<Answer>(
    taker: Taker,
    make: () => Promise<Answer>,
    bytesOf: (answer: Answer) => number,
  ): Promise<Answer> {
    const made: { answer?: Answer } = { answer: await make() };
    const bytes = bytesOf(made.answer!);
    if (bytes <= LONG) return made.answer!;
    if (!taker.isRead || this.room.has(taker, bytes)) {
      this.take(taker, bytes);
      return made.answer!;
    }
    delete made.answer;
    if (this.waiting.size >= MAX_WAITING) throw NO_ROOM;
    await this.roomFor(taker, bytes);
    return make();
  }

  private roomFor(taker: Taker, bytes: number): Promise<void> {
    const { ended } = taker;
    const until = this.now() + PATIENCE_MS;
    return new Promise((go, refuse) => {
      const look = (): void => {
        const isLate = this.now() >= until;
        if (!isLate && !ended.aborted && !this.room.has(taker, bytes)) return;
        this.waiting.delete(look);
        if (isLate || ended.aborted) refuse(isLate ? NO_ROOM : new CallerGone());
        else go(this.take(taker, bytes));
      };
      this.waiting.add(look);
      ended.addEventListener('abort', look);
    });
  }

  private take(taker: Taker, bytes: number): void {
    if (taker.ended.aborted) throw new CallerGone();
    this.room.add(taker, bytes);
    taker.ended.addEventListener('abort', () => {
      this.room.add(taker, -bytes);
      this.look();
    });
  }
}
