import type { Fleet } from '../fleet/fleet-state.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { ASKS_FADE_OVER } from './demand.js';
import { FIRST_LOAD_GUESS, forecastOf } from './load-times.js';

/**
 * The logarithm of a model's worth as of instant 0. Requests decay alike for all models, so the order of two keys
 * changes only with new requests or loads:
 *
 *     worth = requests of about the last minute / 60 s * predicted seconds of its load
 */
export function worthKey(fleet: Readonly<Fleet>, model: ModelId): number {
  const asks = fleet.asks.get(model);
  if (!asks) return -Infinity;
  const load = forecastOf(fleet.loadTimes.get(model) ?? FIRST_LOAD_GUESS).p50;
  return Math.log(asks.sum) + asks.at / ASKS_FADE_OVER + Math.log(load / ASKS_FADE_OVER);
}

/** What a model is worth at a moment: the seconds of waiting that it spares each second by being warm. */
export const worthOf = (fleet: Readonly<Fleet>, model: ModelId, now: Instant): number =>
  Math.exp(worthKey(fleet, model) - now / ASKS_FADE_OVER);

/** What a waiting request adds to the worth of a load: one for each second that it has waited. */
export const worthOfWaiting = (waited: Millis): number => waited / 1_000;
