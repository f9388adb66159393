import { strict as assert } from 'node:assert';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Declarations, DeclarationChange } from '#engine';
import type { Audit } from '../audit/audit.js';
import { Refused } from '../../transport/errors/refused.js';
import type { Lifecycle } from '../../transport/lifecycle.js';
import {
  type IdempotencyKeys,
  type AskedFor,
  asFirstTold,
  type FirstAnswer,
  firstOf,
  type Operation,
} from './idempotency-keys.js';
import { auditedBy, auditedOfOurs, type Ordered } from './audited.js';
import { checkConditions } from '../../transport/access/caller.js';
import { SerialQueue } from './serial-queue.js';

/** Bound of writes that wait for the one before them. */
const MAX_WAITING = 1_000;

/** A write that was checked and found good, before anything is done. */
export interface Prepared<Body> {
  readonly changes: readonly DeclarationChange[];
  /** The order that is given, where nothing is declared: without changes nothing else would tell the audit of it. */
  readonly ordered?: Ordered;
  readonly status: number;
  /** The answer's body, as things are when it is called. */
  view(): Body;
  /** What a replay has to know beside the revision and the state in the body. */
  readonly told?: string;
  /** Takes effect. Must not fail: it is stored already. */
  commit(): void;
}

/** What a webhook says, checked and found good, before anything is done. */
export interface Heard<Told> {
  /** Also what has to be remembered of the message itself. Where there are none, nothing is stored and nothing audited. */
  readonly changes: readonly DeclarationChange[];
  /** The orders that are given about models. */
  readonly ordered?: readonly Ordered[];
  /** Takes effect. Must not fail: it is stored already. Returns what the sender is told. */
  commit(): Told;
}

/** What the caller is answered. */
export class Written<Body> {
  constructor(
    readonly status: number,
    readonly body: Body,
    /** False: too few replicas of the store confirmed the write. */
    readonly isDurable = true,
  ) {}

  /** The same with another body. */
  telling<Other>(body: Other): Written<Other> {
    return new Written(this.status, body, this.isDurable);
  }
}

/** What is kept beside what was written, in one batch with it. */
export interface Books {
  readonly idempotencyKeys: IdempotencyKeys;
  readonly audit: Audit;
}

/** Does writes one after another: checked, stored with its audit record, told to the engine, and only then answered. */
export class Writes {
  private readonly turns = new SerialQueue();
  /**
   * Whether the last write was not confirmed: then none of those that a replay tells of is sure to be durable. At first all are: a
   * term counts only once a replica has confirmed it, with all that was written before.
   */
  private isUnsure = false;

  constructor(
    private readonly store: Pick<Declarations, 'write'>,
    private readonly books: Books,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** `prepare` runs when all writes before have ended; it refuses by throwing, and then nothing was changed. */
  async perform<Body>(operation: Operation<Body>, prepare: () => Prepared<Body>): Promise<Written<Body>> {
    this.admit(operation, 'queue_full');
    return this.turns.take(async () => {
      const first = await this.books.idempotencyKeys.find(operation);
      if (first) return this.replay(operation, first);
      return this.performNow(operation, prepare());
    }, operation.caller.signal);
  }

  /**
   * Does what a webhook says: one write, whatever it changes. `prepare` refuses by throwing, as in `perform`. Where too many
   * writes wait it is refused as `busy` (503), and not as `queue_full` (429): senders try again sooner after a 5xx.
   */
  async hear<Told>(asked: AskedFor, prepare: () => Heard<Told>): Promise<Written<Told>> {
    this.admit(asked, 'busy');
    return this.turns.take(async () => {
      const heard = prepare();
      const audited = auditedBy(asked, heard.changes, heard.ordered, 'programs');
      const isDurable = await this.keep([...heard.changes, ...(await this.books.audit.changesFor(audited))]);
      return new Written(202, heard.commit(), isDurable);
    }, asked.caller.signal);
  }

  /** Whether this write is a replay: it will be answered as before, whatever holds by now. Refuses broken conditions. */
  isReplay(asked: AskedFor): boolean {
    checkConditions(asked.caller);
    return this.books.idempotencyKeys.has(asked);
  }

  /** Notes what the caller is told in the end, where that is not what was stored with the write: a replay tells the same. */
  async toldLater<Body>(
    operation: Operation<Body>,
    { status, body }: Pick<Written<Body>, 'status' | 'body'>,
  ): Promise<void> {
    if (operation.caller.idempotencyKey === null) return;
    await this.turns.take(() => this.note(operation, firstOf(status, body)));
  }

  /** Lets go of answers whose time is over. */
  async tidy(): Promise<void> {
    await this.turns.take(() => this.keep(this.books.idempotencyKeys.overdue()));
  }

  /**
   * Stores changes that no request asked for. They are worked out once all writes before have ended, and are audited where
   * they declare anything.
   */
  async follow(
    keeper: { follow(changes: readonly DeclarationChange[]): void },
    changesNow: () => readonly DeclarationChange[],
  ): Promise<void> {
    await this.turns.take(async () => {
      const changes = changesNow();
      if (changes.length === 0) return;
      await this.keep([...changes, ...(await this.books.audit.changesFor(auditedOfOurs(changes)))]);
      keeper.follow(changes);
    });
  }

  /** Resolves when everything that was begun has ended. */
  async idle(): Promise<void> {
    await this.turns.idle();
  }

  private admit({ caller }: AskedFor, full: 'queue_full' | 'busy'): void {
    checkConditions(caller);
    this.lifecycle.admit();
    if (this.turns.size < MAX_WAITING) return;
    throw new Refused({ reason: full, detail: 'too many writes wait already', retryAfter: 1_000 });
  }

  /** Where what it tells of may not be durable it is stored once more: replicas confirm a write with all that came before. */
  private async replay<Body>(operation: Operation<Body>, first: FirstAnswer): Promise<Written<Body>> {
    const body = asFirstTold(operation.present(first), first);
    if (this.isUnsure) await this.note(operation, first);
    return new Written(first.status, body, !this.isUnsure);
  }

  /** What is told is known only once the write has taken effect; what was stored with it is a guess, and mostly right. */
  private async performNow<Body>(
    operation: Operation<Body>,
    prepared: Prepared<Body>,
  ): Promise<Written<Body>> {
    const { changes, ordered, status, told } = prepared;
    const { idempotencyKeys, audit } = this.books;
    const audited = auditedBy(operation, changes, ordered ? [ordered] : []);
    assert(audited.things.length > 0, 'a write has to say what it is about');
    const records = await audit.changesFor(audited);
    const hasKey = operation.caller.idempotencyKey !== null;
    const guess = hasKey ? firstOf(status, prepared.view(), told) : null;
    const answer = guess === null ? [] : idempotencyKeys.changesFor(operation, guess);
    const isDurable = await this.keep([...changes, ...records, ...answer]);
    prepared.commit();
    await nextTurn();
    const body = prepared.view();
    const first = firstOf(status, body, told);
    if (guess !== null && !isDeepStrictEqual(guess, first)) await this.note(operation, first);
    return new Written(status, body, isDurable);
  }

  private async note(operation: Operation, first: FirstAnswer): Promise<void> {
    await this.keep(this.books.idempotencyKeys.amendments(operation, first));
  }

  /** Resolves with whether it is durable. */
  private async keep(changes: readonly DeclarationChange[]): Promise<boolean> {
    if (changes.length === 0) return true;
    const { durable } = await this.store.write(changes).catch((error: unknown) => {
      this.books.audit.doubt();
      throw error;
    });
    this.isUnsure = !durable;
    this.books.idempotencyKeys.follow(changes);
    this.books.audit.follow(changes);
    return durable;
  }
}
