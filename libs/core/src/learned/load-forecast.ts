import type { Now } from '../numbers/now.js';
import type { LoadTimes } from '../fleet/kept.js';
import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf, isBookedBySteps, reservationOf } from '../memory/footprint.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { FIRST_LOAD_GUESS, type Forecast, forecastOf, pooled, restOf, timesAt } from './load-times.js';
import type { Bytes, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { total } from '../numbers/groups.js';
import { isCoLoaded, loadBegan, loadBounds } from '../fleet/standing.js';

/** After so many loads on a server these alone predict the next one there. */
const ENOUGH_LOADS = 4;

/** How long a load of a model should take on a server, or (null) on any: never more than its timeout. */
export function loadForecast(fleet: Readonly<Fleet>, model: ModelId, server: ServerId | null): Forecast {
  const { loadTimeout } = fleet.models.get(model) ?? fleet.defaults;
  return atMost(forecastOf(learnedTimes(fleet, model, server)), loadTimeout);
}

/** Whether there were loads to predict one of a model by: its own or, for their size, those of other models. */
export const isForeseen = (fleet: Readonly<Fleet>, model: ModelId): boolean =>
  fleet.loadTimes.has(model) || commonPace(fleet) !== null;

/** Whether a load has outlasted its P90: its end cannot be told. */
export function hasOverrun(fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean {
  const load = carrierOf(fleet, replica);
  return now.stamp - (loadBegan(load) ?? now.stamp) > loadForecast(fleet, load.model, load.server).p90;
}

/**
 * How much longer the load of a replica should take, or all of it where it has not begun; for a step, the load that
 * brings it up. Never negative, and never past its timeout.
 */
export function restOfLoad(fleet: Readonly<Fleet>, replica: Replica, now: Now): Forecast {
  const load = carrierOf(fleet, replica);
  const began = loadBegan(load) ?? (load.phase === 'placed' ? now.stamp : load.since);
  const rest = restOf(loadForecast(fleet, load.model, load.server), now.stamp - began);
  return atMost(rest, Math.max(0, (loadBounds(fleet, load)?.overdueAt ?? Infinity) - now.stamp));
}

const atMost = ({ p50, p90 }: Forecast, most: Millis): Forecast => ({
  p50: Math.min(p50, most),
  p90: Math.min(p90, most),
});

function carrierOf(fleet: Readonly<Fleet>, replica: Replica): Replica {
  const carrier = isCoLoaded(replica) ? fleet.replicas.get(replica.coLoadedBy) : undefined;
  return carrier ?? replica;
}

/** Its own loads there; else its own anywhere; else those of other models, by size. */
function learnedTimes(fleet: Readonly<Fleet>, model: ModelId, id: ServerId | null): LoadTimes {
  const server = id === null ? undefined : fleet.servers.get(id);
  const there = server?.loadTimes.get(model);
  if (there && there.count >= ENOUGH_LOADS) return there;
  return fleet.loadTimes.get(model) ?? timesBySize(fleet, model, server);
}

function timesBySize(fleet: Readonly<Fleet>, model: ModelId, server: Server | undefined): LoadTimes {
  const pace = server?.loadPace ?? commonPace(fleet);
  return pace ? timesAt(pace, bytesToLoad(fleet, model, server)) : FIRST_LOAD_GUESS;
}

/** What a copy books on a GPU, together with the models that it needs: their loads mostly come with its own. */
export function bytesToLoad(fleet: Readonly<Fleet>, model: ModelId, server: Server | undefined): Bytes {
  return total([model, ...dependenciesOf(fleet, model)], (one) =>
    isBookedBySteps(fleet, one) ? 0 : reservationOf(fleet, server, one).bytes,
  );
}

/** How long loads take for their size, on all servers together; null before the first. */
export function commonPace({ index, servers }: Readonly<Fleet>): LoadTimes | null {
  if (index.pace) return index.pace.common;
  const paces = Array.from(servers.values(), ({ loadPace }) => loadPace).filter((one) => one !== null);
  index.pace = { common: pooled(paces) ?? null };
  return index.pace.common;
}

export function setPace(fleet: Fleet, server: Server, pace: LoadTimes): void {
  server.loadPace = pace;
  fleet.index.pace = null;
}
