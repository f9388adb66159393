import type { Fleet, Instant, Millis } from '#core';
import type { Observer, Turn } from '#engine';
import { Refused } from '../../transport/errors/refused.js';

/** Each of them is looked at after each turn. */
const MAX_WAITING = 1_000;

type Condition = (fleet: Readonly<Fleet>, now: Instant) => boolean;

/** Lets callers wait until a condition on the fleet holds; it is looked at after each turn. */
export class TurnWatch implements Observer {
  private readonly waiting = new Map<Condition, () => void>();
  private admitted = 0;

  /** Does what may come to wait in the end; refuses it at the beginning, in these words, where too many are at that already. */
  async admit<T>(work: () => Promise<T>, tooMany: string): Promise<T> {
    if (this.admitted >= MAX_WAITING)
      throw new Refused({ reason: 'queue_full', detail: tooMany, retryAfter: 1_000 });
    this.admitted += 1;
    try {
      return await work();
    } finally {
      this.admitted -= 1;
    }
  }

  turnTaken({ now }: Turn, fleet: Fleet): void {
    for (const [holds, end] of [...this.waiting]) if (holds(fleet, now)) end();
  }

  /** Resolves when it holds, when the time is over, or when the caller has gone. */
  until(condition: Condition, most: Millis, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        this.waiting.delete(condition);
        resolve();
      };
      const timer = setTimeout(end, most);
      signal?.addEventListener('abort', end);
      this.waiting.set(condition, end);
    });
  }

  /** Lets all go that still wait. */
  close(): void {
    for (const end of [...this.waiting.values()]) end();
  }
}
