import type { Fleet } from '../fleet/fleet-state.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { ASKS_FADE_OVER } from './demand.js';
import { FIRST_LOAD_GUESS, forecastOf } from './load-times.js';

/**
 * What it is worth that a model is warm, in seconds of waiting that it spares each second:
 *
 *     worth = requests of about the last minute / 60 s * predicted seconds of its load
 *
 * Requests fade with one constant for all models, so that the order of two models changes only with new requests or
 * loads. The logarithm as of instant 0 is therefore a fixed key; `worthOf` is its value at a moment.
 */
export function worthKey(fleet: Readonly<Fleet>, model: ModelId): number {
  const asks = fleet.asks.get(model);
  if (!asks) return -Infinity;
  const load = forecastOf(fleet.loadTimes.get(model) ?? FIRST_LOAD_GUESS).p50;
  return Math.log(asks.sum) + asks.at / ASKS_FADE_OVER + Math.log(load / ASKS_FADE_OVER);
}

/** What a model is worth at a moment, in seconds of waiting spared each second. */
export const worthOf = (fleet: Readonly<Fleet>, model: ModelId, now: Instant): number =>
  Math.exp(worthKey(fleet, model) - now / ASKS_FADE_OVER);

/** What a request that has waited so long adds to the worth of a load: one for each second. */
export const worthOfWaiting = (waited: Millis): number => waited / 1_000;
