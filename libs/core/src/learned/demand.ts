import { added, faded } from '../numbers/fading.js';
import type { Fleet } from '../fleet/fleet-state.js';
import { noteAsked } from '../fleet/indexes.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** A request that came so long ago counts for 1/e. */
export const ASKS_FADE_OVER: Millis = 60_000;

/** Counts requests for a model that is known, warm or cold, whatever becomes of them. */
export function countAsks(fleet: Fleet, id: ModelId, more: number, at: Instant): void {
  if (more === 0 || !fleet.models.has(id)) return;
  fleet.asks.set(id, added(fleet.asks.get(id), more, at, ASKS_FADE_OVER));
  noteAsked(fleet, id);
}

/** How often a model was asked for in about the last minute. */
export const askedLately = ({ asks }: Readonly<Fleet>, id: ModelId, now: Instant): number =>
  faded(asks.get(id), now, ASKS_FADE_OVER);
