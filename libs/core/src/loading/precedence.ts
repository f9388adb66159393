import type { Job } from './job.js';

/**
 * Compares two jobs: the one that goes first in the line comes first. Class first, and before all what pins lack; then what
 * the operator's word brings; then what is promised, of these the tenants under their part first, and then the earliest
 * deadline; then what a request waits for without a promise, of these the tenants under their part first; then what has
 * been wanted longest.
 */
export const byPrecedence = (one: Job, other: Job): number =>
  one.stage - other.stage ||
  Number(other.isDue) - Number(one.isDue) ||
  Number(hasPromise(other)) - Number(hasPromise(one)) ||
  Number(one.isOverShare) - Number(other.isOverShare) ||
  (hasPromise(one) ? one.neededBy - other.neededBy : 0) ||
  Number(other.waiting.count > 0) - Number(one.waiting.count > 0) ||
  one.since - other.since;

const hasPromise = ({ neededBy }: Job): boolean => neededBy < Infinity;
