import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';

/** A wish starves so many times as late as a waiting request: a refused request has had its answer. */
export const WISH_STARVES = 4;

/** Since when a model that requests ask for counts as waiting for its load: see `waitsSince` of a want. */
export function starvesSince(fleet: Readonly<Fleet>, id: ModelId, now: Instant): Instant {
  const since = fleet.wantedSince.get(id) ?? now;
  const waited = Math.max(since, fleet.awaitedSince.get(id) ?? Infinity);
  const wished = since + (WISH_STARVES - 1) * fleet.limits.starvation;
  return Math.min(waited, wished);
}

/** Whether a want that has waited since then starves. */
export const hasStarved = (fleet: Readonly<Fleet>, since: Instant, now: Instant): boolean =>
  now - since >= fleet.limits.starvation;
