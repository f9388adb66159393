import type { Fleet } from '../fleet/fleet.js';
import type { Ready, Replica } from '../fleet/replica.js';
import { replicasOf } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { loadForecast, restOfLoad, soonestForecast } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import type { Instant, Millis } from '../fleet/model.js';
import { moveMadeFor } from '../fleet/moving.js';
import { unloadForecast } from '../learned/unload-times.js';
import { Beginnings, type Share } from './beginnings.js';

export interface Wait {
  readonly phase: 'waiting' | 'placed' | 'loading';
  /** When the model should be ready, from now; null where its load cannot begin before a freeze ends, whenever that is. */
  readonly eta: Forecast | null;
  /** How many requests wait for it. */
  readonly position: number;
}

/**
 * How far the load of a model has come, judged by how long loads of it take where it is, and by what has to leave and to be
 * loaded there before it.
 */
export function describeWait(fleet: Readonly<Fleet>, model: ModelId, now: Instant): Wait {
  const beginnings = new Beginnings(fleet, now);
  const p50 = readyAfter(fleet, model, 'p50', now, beginnings);
  const eta = p50 === null ? null : { p50, p90: readyAfter(fleet, model, 'p90', now, beginnings)! };
  return { phase: phaseOf(fleet, model), eta, position: waitingFor(fleet, model) };
}

/** The same where the load has to wait for so long before. */
export const delayedBy = (delay: Forecast, wait: Wait): Wait => ({
  ...wait,
  eta: wait.eta && { p50: delay.p50 + wait.eta.p50, p90: delay.p90 + wait.eta.p90 },
});

/** How far the load of a model has come. */
export function phaseOf(fleet: Readonly<Fleet>, model: ModelId): Wait['phase'] {
  const replicas = replicasOf(fleet, model);
  if (replicas.some(isLoading)) return 'loading';
  return replicas.some(({ phase }) => phase === 'placed') ? 'placed' : 'waiting';
}

/**
 * One share of when a model should be ready, from now; null where a freeze keeps its load from beginning. What comes one
 * after the other is added up: both are late at once more seldom than each, so that the P90 is rather too long.
 */
export function readyAfter(
  fleet: Readonly<Fleet>,
  model: ModelId,
  share: Share,
  now: Instant,
  beginnings: Beginnings,
): Millis | null {
  const replicas = replicasOf(fleet, model);
  const loading = replicas.filter(isLoading);
  if (loading.length > 0) return Math.min(...loading.map((one) => restOfLoad(fleet, one, now)[share]));
  if (fleet.frozen) return null;
  const placed = replicas.filter((one) => one.phase === 'placed');
  if (placed.length === 0) {
    const reading = fleet.readings.get(model);
    return reading
      ? beginnings.ofPlanned(model, reading, share) + loadForecast(fleet, model, reading.server)[share]
      : movedIn(fleet, model, now)[share] + loadToCome(fleet, model)[share];
  }
  return Math.min(
    ...placed.map((one) => beginnings.of(one, share) + loadForecast(fleet, model, one.server)[share]),
  );
}

/** How long the load that is to come should take, where it has its place or wherever that will be. */
export function loadToCome(fleet: Readonly<Fleet>, model: ModelId): Forecast {
  const placed = replicasOf(fleet, model).filter(({ phase }) => phase === 'placed');
  if (placed.length === 0) return loadForecast(fleet, model, null);
  return soonestForecast(placed.map(({ server }) => loadForecast(fleet, model, server)));
}

/** When a repeated request finds the model ready nine times of ten; that load alone where its begin is not known. */
export const readyIn = (fleet: Readonly<Fleet>, model: ModelId, now: Instant): Millis =>
  (describeWait(fleet, model, now).eta ?? loadToCome(fleet, model)).p90;

/** How long it should take until what moves for a model has left: another copy of that is loaded first, and leases end. */
function movedIn(fleet: Readonly<Fleet>, model: ModelId, now: Instant): Forecast {
  const [id, move] = moveMadeFor(fleet, model) ?? [];
  const replica = id && fleet.replicas.get(id);
  if (!move || replica?.phase !== 'ready') return NO_WAIT;
  const copy = fleet.replicas.get(move.to);
  const load = !copy || copy.phase === 'ready' ? NO_WAIT : restOfLoad(fleet, copy, now);
  return leavesAfter(fleet, replica, load, now);
}

/** How long it should take until a copy has left of which another one is loaded before. */
export function leavesAfter(
  fleet: Readonly<Fleet>,
  { server, inUseUntil }: Ready,
  load: Forecast,
  now: Instant,
): Forecast {
  const leased = Math.max(0, inUseUntil - now);
  const unload = unloadForecast(fleet.servers.get(server));
  return { p50: Math.max(load.p50, leased) + unload.p50, p90: Math.max(load.p90, leased) + unload.p90 };
}

const NO_WAIT: Forecast = { p50: 0, p90: 0 };

const isLoading = (replica: Replica): boolean =>
  replica.phase === 'loading' || (replica.phase === 'unknown' && replica.coming);

/** How many requests wait for a model. */
export function waitingFor(fleet: Readonly<Fleet>, model: ModelId): number {
  let count = 0;
  for (const request of fleet.waiting.values()) if (request.model === model) count += 1;
  return count;
}
