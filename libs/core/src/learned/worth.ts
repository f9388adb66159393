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

/**
 * What a model is worth at a moment: the seconds of waiting that it spares each second by being warm. A miss makes wait, for
 * half a load on the average, what is asked for during its load, too (policy.md, section 1: the aggregate delay of a miss).
 */
export function worthOf(fleet: Readonly<Fleet>, model: ModelId, now: Instant): number {
  const alone = Math.exp(worthKey(fleet, model) - now / ASKS_FADE_OVER);
  return alone * (1 + alone / 2);
}

/** After so long a waiting request counts twice. */
const COUNTS_TWICE_AFTER: Millis = 30_000;

/**
 * What waiting requests add to the worth of a load: a second of waiting each second for each of them, and more as they wait
 * longer (policy.md, section 6).
 */
export const worthOfWaiting = (count: number, longest: Millis): number =>
  count * (1 + longest / COUNTS_TWICE_AFTER);
