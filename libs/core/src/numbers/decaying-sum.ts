import type { Instant, Millis } from '../fleet/model.js';

/** A sum that decays exponentially: the older an addition is, the less it counts. */
export interface DecayingSum {
  /** The sum as of `at`. */
  readonly sum: number;
  readonly at: Instant;
}

/** Requests, and what tenants are charged, count for 1/e after so long. */
export const TIME_CONSTANT: Millis = 60_000;

/** What is left of the sum by now. */
export const decayed = (one: DecayingSum | undefined, now: Instant): number =>
  one ? one.sum * Math.exp(-Math.max(0, now - one.at) / TIME_CONSTANT) : 0;

/** The sum with more added now. An addition that is told late counts as if it came with the latest one. */
export function added(one: DecayingSum | undefined, more: number, now: Instant): DecayingSum {
  const at = Math.max(now, one?.at ?? now);
  return { sum: decayed(one, at) + more, at };
}
