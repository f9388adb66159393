import type { Instant, Millis } from '../fleet/model.js';

/** A sum of which what was added longer ago counts for less. */
export interface Fading {
  /** As of `at`. */
  readonly sum: number;
  readonly at: Instant;
}

/** What is left of it by now, where what was added so long ago counts for 1/e. */
export const faded = (one: Fading | undefined, now: Instant, over: Millis): number =>
  one ? one.sum * Math.exp(-Math.max(0, now - one.at) / over) : 0;

/** The same with more added to it now; what is told late counts as of the last that was told. */
export function added(one: Fading | undefined, more: number, now: Instant, over: Millis): Fading {
  const at = Math.max(now, one?.at ?? now);
  return { sum: faded(one, at, over) + more, at };
}
