import type { Instant } from '../fleet/model.js';
import type { Rank } from '../demand/rank.js';

/** What replicas are judged by that may have to make room. */
export interface Worth {
  readonly rank: Rank;
  /** Whether none of their models is cold once they have left. */
  readonly isSpare: boolean;
  /** What the model is worth for each byte of the copy, as a key that time does not change: see `worthKey`. */
  readonly density: number;
  readonly lastUse: Instant;
}

/**
 * The order in which replicas make room: the lower class first, then what stays warm elsewhere, then what is worth
 * less for its bytes, then what was used longest ago. A better policy takes the place of the last two.
 */
export const byWorth = (one: Worth, other: Worth): number =>
  one.rank - other.rank ||
  Number(other.isSpare) - Number(one.isSpare) ||
  compare(one.density, other.density) ||
  one.lastUse - other.lastUse;

/** Two infinite keys are equal. */
const compare = (one: number, other: number): number => (one === other ? 0 : one - other);
