import { added, faded } from '../numbers/fading.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** What was asked so long ago counts for 1/e, of each model */
const ASKS_FADE_OVER: Millis = 60_000;
/** and of all of them, where it counts how many requests come now. */
const NOW_FADES_OVER: Millis = 10_000;
/** The pace of requests is taken to have changed by no more than that. */
const MOST_CALM = 10;

/** Counts requests for a model that is known, warm or cold, whatever becomes of them. */
export function countAsks(fleet: Fleet, id: ModelId, more: number, at: Instant): void {
  if (!fleet.models.has(id)) return;
  fleet.asks.set(id, added(fleet.asks.get(id), more, at, ASKS_FADE_OVER));
  fleet.allAsks = {
    minute: added(fleet.allAsks?.minute, more, at, ASKS_FADE_OVER),
    lately: added(fleet.allAsks?.lately, more, at, NOW_FADES_OVER),
  };
}

/** How often a model was asked for in about the last minute. */
export const askedLately = ({ asks }: Readonly<Fleet>, id: ModelId, now: Instant): number =>
  faded(asks.get(id), now, ASKS_FADE_OVER);

/**
 * How many times as fast requests came in about the last minute as they come now: 1 where nothing has changed, more when a storm
 * is over, less when it begins; a tenth to ten.
 */
export function calming({ allAsks }: Readonly<Fleet>, now: Instant): number {
  if (!allAsks) return 1;
  const minute = faded(allAsks.minute, now, ASKS_FADE_OVER) / ASKS_FADE_OVER;
  const lately = faded(allAsks.lately, now, NOW_FADES_OVER) / NOW_FADES_OVER;
  return lately === 0 ? MOST_CALM : Math.min(MOST_CALM, Math.max(1 / MOST_CALM, minute / lately));
}
