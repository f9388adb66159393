import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';

/** A refused request has had its answer: what is only wished for starves so many times as late. */
export const WISH_STARVES = 4;

/** Since when a model that callers ask for has waited for its load: see `waitsSince` of a want. */
export function starvesSince(fleet: Readonly<Fleet>, id: ModelId, now: Instant): Instant {
  const since = fleet.wantedSince.get(id) ?? now;
  const waited = Math.max(since, fleet.awaitedSince.get(id) ?? Infinity);
  const wished = since + (WISH_STARVES - 1) * fleet.limits.starvation;
  return Math.min(waited, wished);
}

/** Whether what has waited since then has waited for too long. */
export const hasStarved = (fleet: Readonly<Fleet>, since: Instant, now: Instant): boolean =>
  now - since >= fleet.limits.starvation;
