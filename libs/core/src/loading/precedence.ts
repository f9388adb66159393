import type { Job } from './job.js';

/**
 * Compares two jobs: the one that goes first in the line comes first. Class first, and before all what pins lack, and
 * what a draining server is to be rid of: of that what is asked for most for each second of its load.
 * Then what the operator orders; then what is no retry; then what is promised, of these the tenants under their part first, and then the
 * earliest deadline; then what a request waits for without a promise, of these the tenants under their part first; then
 * what has been wanted longest.
 */
export const byPrecedence = (one: Job, other: Job): number =>
  one.band - other.band ||
  byNumber(other.demand, one.demand) ||
  Number(other.isOrdered) - Number(one.isOrdered) ||
  Number(one.isRetry) - Number(other.isRetry) ||
  Number(hasPromise(other)) - Number(hasPromise(one)) ||
  Number(one.isOverShare) - Number(other.isOverShare) ||
  (hasPromise(one) ? one.neededBy - other.neededBy : 0) ||
  Number(other.waiting.count > 0) - Number(one.waiting.count > 0) ||
  one.since - other.since;

/** Infinite numbers are compared, too: their difference is none. */
const byNumber = (one: number, other: number): number => Number(one > other) - Number(one < other);

const hasPromise = ({ neededBy }: Job): boolean => neededBy < Infinity;
