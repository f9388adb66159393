import type { Instant } from '../fleet/model.js';
import type { Rank } from '../demand/rank.js';

/** What a candidate for eviction is judged by. */
export interface Worth {
  readonly rank: Rank;
  /** Whether its models stay warm without it. */
  readonly isSpare: boolean;
  /** The requests during a load of the model per byte of the copy, as a key that time does not change: see `worthKey`. */
  readonly density: number;
  readonly lastUse: Instant;
}

/**
 * The order of eviction: the lower class first, then what stays warm elsewhere, then what is worth less per byte, then
 * the least recently used.
 */
export const byWorth = (one: Worth, other: Worth): number =>
  one.rank - other.rank ||
  Number(other.isSpare) - Number(one.isSpare) ||
  compare(one.density, other.density) ||
  one.lastUse - other.lastUse;

/** Two infinite keys are equal. */
const compare = (one: number, other: number): number => (one === other ? 0 : one - other);
