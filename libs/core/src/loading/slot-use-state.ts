import type { Instant } from '../fleet/model.js';

/** The share of a server's load slots that are taken, from 0 to 1. */
export interface SlotUse {
  /** The mean over the last seconds before `at`, of which older ones count for less. */
  readonly lately: number;
  /** From `at` on. */
  readonly taken: number;
  readonly at: Instant;
}
