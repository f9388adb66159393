import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Declarations, ToldChange } from '#engine';
import { CallerGone } from '../caller-gone.js';
import { Refused } from '../errors/refused.js';
import type { Lifecycle } from '../lifecycle.js';
import type { Answers, Operation } from './answers.js';

/** So many writes may wait for the one before them. */
const MOST_WAITING = 1_000;

/** A write that was checked and found good, before anything is done. */
export interface Prepared<Body> {
  readonly changes: readonly ToldChange[];
  readonly status: number;
  /** The answer's body, as things are when it is called. */
  view(): Body;
  /** Takes effect. Must not fail: it is stored already. */
  commit(): void;
}

/** What the caller is answered. */
export interface Written<Body> {
  readonly status: number;
  readonly body: Body;
}

/** Does writes one after another: checked, made durable, told to the engine, and only then answered. */
export class Writes {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly store: Pick<Declarations, 'write'>,
    private readonly answers: Answers,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** `prepare` runs when all writes before have ended; it refuses by throwing, and then nothing was changed. */
  async perform<Body>(operation: Operation, prepare: () => Prepared<Body>): Promise<Written<Body>> {
    this.lifecycle.admit();
    if (this.waiting >= MOST_WAITING) {
      throw new Refused({ reason: 'queue_full', detail: 'too many writes wait already', retryAfter: 1_000 });
    }
    return this.afterTheOthers(async () => {
      if (operation.caller.gone?.aborted) throw new CallerGone();
      const given = this.answers.find(operation);
      if (given) return { status: given.status, body: given.body as Body };
      const prepared = prepare();
      await this.write(operation, prepared);
      prepared.commit();
      await nextTurn();
      return { status: prepared.status, body: prepared.view() };
    }, operation.caller.gone);
  }

  /** Lets go of answers whose time is over. */
  async tidy(): Promise<void> {
    await this.follow(this.answers, () => this.answers.overdue());
  }

  /** Stores changes that no request asked for. They are worked out once all writes before have ended. */
  async follow(
    keeper: { follow(changes: readonly ToldChange[]): void },
    changesNow: () => readonly ToldChange[],
  ): Promise<void> {
    await this.afterTheOthers(async () => {
      const changes = changesNow();
      if (changes.length === 0) return;
      await this.store.write(changes);
      keeper.follow(changes);
    });
  }

  /** Resolves when everything that was begun has ended. */
  async idle(): Promise<void> {
    await this.last;
  }

  private async write<Body>(operation: Operation, prepared: Prepared<Body>): Promise<void> {
    const { changes, status } = prepared;
    const hasKey = operation.caller.idempotencyKey !== null;
    const answer = hasKey ? this.answers.changesFor(operation, status, prepared.view()) : [];
    const all = [...changes, ...answer];
    if (all.length === 0) return;
    await this.store.write(all);
    this.answers.follow(answer);
  }

  /** A caller that goes while it waits gives its place back at once. */
  private afterTheOthers<T>(work: () => Promise<T>, gone?: AbortSignal): Promise<T> {
    const leave = this.enter(gone);
    const done = this.last.then(work).finally(leave);
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Takes a place, which the function that is returned gives back, once. */
  private enter(gone?: AbortSignal): () => void {
    let isIn = true;
    this.waiting += 1;
    const leave = (): void => {
      gone?.removeEventListener('abort', leave);
      this.waiting -= isIn ? 1 : 0;
      isIn = false;
    };
    gone?.addEventListener('abort', leave);
    return leave;
  }
}
