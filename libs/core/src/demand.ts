import { added, faded } from './fading.js';
import type { Fleet } from './fleet.js';
import type { ModelId } from './ids.js';
import type { Instant, Millis } from './model.js';

/** What was asked so long ago counts for 1/e. */
const ASKS_FADE_OVER: Millis = 60_000;

/** Counts requests for a model that is known, warm or cold, whatever becomes of those who ask. */
export function countAsks(fleet: Fleet, id: ModelId, more: number, at: Instant): void {
  if (fleet.models.has(id)) fleet.asks.set(id, added(fleet.asks.get(id), more, at, ASKS_FADE_OVER));
}

/** How often a model was asked for in about the last minute. */
export const askedLately = ({ asks }: Readonly<Fleet>, id: ModelId, now: Instant): number =>
  faded(asks.get(id), now, ASKS_FADE_OVER);
