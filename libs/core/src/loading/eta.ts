import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import type { Millis } from '../fleet/model.js';
import { isLoading } from '../fleet/replica.js';
import { areLoadsStopped } from '../fleet/standing.js';
import { waitingFor } from '../fleet/waiting.js';

/** How far the load of a model has come. */
export interface Wait {
  readonly phase: 'waiting' | 'placed' | 'loading';
  /** When the model should be ready, from now; null where there is no forecast. */
  readonly eta: Forecast | null;
  /** How many requests wait for it. */
  readonly position: number;
}

/** How far the load of a model has come: what runs by how long it has taken, the rest as the line has it. */
export const describeWait = (fleet: Readonly<Fleet>, model: ModelId, now: Now): Wait => ({
  phase: phaseOf(fleet, model),
  eta: etaOf(fleet, model, now),
  position: waitingFor(fleet, model),
});

/** How far the load of a model has come. */
function phaseOf(fleet: Readonly<Fleet>, model: ModelId): Wait['phase'] {
  const replicas = replicasOf(fleet, model);
  if (replicas.some(isLoading)) return 'loading';
  return replicas.some(({ phase }) => phase === 'placed') ? 'placed' : 'waiting';
}

/** When a model should be ready, from now; null where a freeze or a hold keeps its load from beginning, or no place is in sight. */
function etaOf(fleet: Readonly<Fleet>, model: ModelId, now: Now): Forecast | null {
  const loading = replicasOf(fleet, model).filter(isLoading);
  if (loading.length > 0) {
    const rests = loading.map((one) => restOfLoad(fleet, one, now));
    return { p50: Math.min(...rests.map(({ p50 }) => p50)), p90: Math.min(...rests.map(({ p90 }) => p90)) };
  }
  const job = fleet.line.get(model);
  return areLoadsStopped(fleet) || !job ? null : fromNow(job.readyAt, now);
}

/** How long it is until a model is ready; null where no place is in sight. */
export const fromNow = ({ p50, p90 }: Forecast, now: Now): Forecast | null =>
  p50 === Infinity ? null : { p50: Math.max(0, p50 - now.stamp), p90: Math.max(0, p90 - now.stamp) };

/** When a repeated request finds the model ready nine times of ten; its load alone where there is no forecast. */
export const readyIn = (fleet: Readonly<Fleet>, model: ModelId, now: Now): Millis =>
  (etaOf(fleet, model, now) ?? loadForecast(fleet, model, null)).p90;
