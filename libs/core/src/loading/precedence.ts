import { compareKeys } from '../numbers/compare-keys.js';
import type { Job } from './job.js';

/** Compares two jobs: the one that goes first in the line comes first. */
export const byPrecedence = (one: Job, other: Job): number => compareKeys(keyOf(one), keyOf(other));

/**
 * Class first, and before all what pins lack; then what the operator's word brings; then what is promised, of these the
 * tenants under their part first, and then the earliest deadline; then what a request waits for without a promise, of these
 * the tenants under their part first; then what has been wanted longest.
 */
const keyOf = (job: Job): readonly number[] => [
  job.stage,
  job.isDue ? 0 : 1,
  job.neededBy < Infinity ? 0 : 1,
  job.isOverShare ? 1 : 0,
  job.neededBy,
  job.waiting.count > 0 ? 0 : 1,
  job.since,
];
