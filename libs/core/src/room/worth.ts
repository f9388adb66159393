import type { Instant } from '../fleet/model.js';
import type { Rank } from '../demand/rank.js';

/** What replicas are judged by that may have to make room. */
export interface Worth {
  readonly rank: Rank;
  /** Whether none of their models is cold once they have left. */
  readonly isSpare: boolean;
  readonly lastUse: Instant;
}

/**
 * What replicas are worth, by which they make room: the lower class first, then what stays warm elsewhere, then what was
 * not used for longest. A better policy takes the place of the last.
 */
export const byWorth = (one: Worth, other: Worth): number =>
  one.rank - other.rank || Number(other.isSpare) - Number(one.isSpare) || one.lastUse - other.lastUse;
