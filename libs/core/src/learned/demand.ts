import { added } from '../numbers/decaying-sum.js';
import type { Fleet } from '../fleet/fleet-state.js';
import { noteAsked } from '../fleet/indexes.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** Requests, and what tenants are charged, count for 1/e after so long. */
export const ASKS_FADE_OVER: Millis = 60_000;

/** Counts requests for a known model, whether it is warm and whatever they are answered. */
export function countAsks(fleet: Fleet, id: ModelId, more: number, at: Instant): void {
  if (more === 0 || !fleet.models.has(id)) return;
  fleet.asks.set(id, added(fleet.asks.get(id), more, at, ASKS_FADE_OVER));
  noteAsked(fleet, id);
}
