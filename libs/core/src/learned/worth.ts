import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet-state.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import type { Booking, Ready } from '../fleet/replica.js';
import { loadForecast } from './load-forecast.js';
import { added, TIME_CONSTANT } from '../numbers/decaying-sum.js';

/**
 * The logarithm of how many requests come during a load of the model, as of instant 0. Requests decay alike for all
 * models, so the order of two keys changes only with new requests or loads:
 *
 *     requests during a load = requests of about the last minute / 60 s * predicted seconds of its load
 *
 * Of two models the one with the higher key is worth more.
 */
export function worthKey(fleet: Readonly<Fleet>, model: ModelId): number {
  const rate = fleet.requestRates.get(model);
  if (!rate) return -Infinity;
  const load = predictedLoad(fleet, model);
  return Math.log(rate.sum) + rate.at / TIME_CONSTANT + Math.log(load / TIME_CONSTANT);
}

/** `worthKey` of a copy per byte: per byte on GPUs, or on the host where it has no others. */
export function densityOf(
  fleet: Readonly<Fleet>,
  { model, bookings }: Pick<Ready, 'model' | 'bookings'>,
): number {
  const key = worthKey(fleet, model);
  if (key === -Infinity) return key;
  const bytes = bytesHeldOf(bookings, true) || bytesHeldOf(bookings, false);
  return key - Math.log(Math.max(1, bytes)) - Math.log(fleet.holders.get(model)!.size);
}

function bytesHeldOf(bookings: readonly Booking[], onGpus: boolean): Bytes {
  let sum = 0;
  for (const { account, bytes } of bookings) if (account.startsWith('gpu:') === onGpus) sum += bytes;
  return sum;
}

/**
 * The logarithm of how often a model is asked for, for each second of its load, as of instant 0:
 *
 *     requests of about the last minute / predicted seconds of its load
 *
 * Of two models that have to be loaded the one with the higher key goes first: it spares more waiting for the same time of a
 * load slot. -Infinity where no request came.
 */
export function demandKey(fleet: Readonly<Fleet>, model: ModelId): number {
  const rate = fleet.requestRates.get(model);
  if (!rate) return -Infinity;
  return Math.log(rate.sum) + rate.at / TIME_CONSTANT - Math.log(predictedLoad(fleet, model));
}

const predictedLoad = (fleet: Readonly<Fleet>, model: ModelId): Millis =>
  loadForecast(fleet, model, null).p50;

/**
 * What a model is worth at a moment: the seconds of waiting that it spares each second by being warm. The request that
 * begins a load waits for all of it, and each of those that come during the load for half of it on the average.
 */
export function worthOf(fleet: Readonly<Fleet>, model: ModelId, now: Now): number {
  const duringLoad = Math.exp(worthKey(fleet, model) - now.stamp / TIME_CONSTANT);
  return duringLoad * (1 + duringLoad / 2);
}

/** Counts requests for a known model, whether it is warm and whatever they are answered. */
export function countRequests(fleet: Fleet, id: ModelId, more: number, at: Instant): void {
  if (more === 0 || !fleet.models.has(id)) return;
  fleet.requestRates.set(id, added(fleet.requestRates.get(id), more, at));
}
