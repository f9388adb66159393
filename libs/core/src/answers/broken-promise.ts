import type { Now } from '../numbers/now.js';
import type { JobInLine } from '../fleet/kept.js';
import type { PromiseCause, Refusal } from '../fleet/actions.js';
import { type Fleet, replicasOf, type Request, unsettledOn } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { modelsAwaited, requestsFor } from '../fleet/waiting.js';
import type { Instant } from '../fleet/model.js';
import { BY_ORDER } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { standingOf } from '../fleet/standing.js';
import { rankOf } from '../demand/rank.js';
import { closedOn } from '../fleet/meter.js';
import { unloadForecast } from '../learned/unload-times.js';
import { hasOverrun } from '../learned/load-forecast.js';
import type { JobForecast } from '../loading/schedule.js';
import { openAgainAt } from '../room/evictions.js';

/** The reasons of a refusal that also tell why a promise was broken. */
const BY_REASON: Partial<Record<Refusal['reason'], PromiseCause>> = {
  load_failed: 'load_failed',
  cooling_down: 'load_failed',
  queue_full: 'queue',
  over_share: 'queue',
  shutting_down: 'restart',
  no_leader: 'restart',
  store_unavailable: 'restart',
  disabled: 'operator',
  infeasible: 'operator',
  unknown_model: 'operator',
  unknown_version: 'operator',
};

/** Why the promise to a refused request was broken; null where it had none. */
export function brokenBy(
  fleet: Readonly<Fleet>,
  request: Request,
  { reason }: Refusal,
  now: Now,
): PromiseCause | 'unknown' | null {
  if (fleet.promises.get(request.id) == null) return null;
  const cause = BY_REASON[reason] ?? fleet.lost.get(request.id);
  return cause ?? delayOf(fleet, request, fleet.line, now) ?? 'unknown';
}

/** Notes what has delayed jobs beyond promises, in the turn in which they are lost; `stood` is the line of the turn before. */
export function noteLost(
  fleet: Fleet,
  stood: ReadonlyMap<ModelId, JobInLine>,
  forecasts: readonly JobForecast[],
  now: Now,
): void {
  for (const late of forecasts) {
    const { job, ready } = late;
    if (ready.p50 <= job.neededBy) continue;
    for (const request of requestsFor(fleet, job.model)) {
      const { id, deadline } = request;
      if (deadline >= ready.p50 || fleet.promises.get(id) == null || fleet.lost.has(id)) continue;
      const cause = delayOf(fleet, request, stood, now, late);
      if (cause) fleet.lost.set(id, cause);
    }
  }
}

/**
 * What has happened since a request was promised to the servers where its job stood: of several causes the first; undefined where
 * nothing has.
 */
function delayOf(
  fleet: Readonly<Fleet>,
  request: Request,
  stood: ReadonlyMap<ModelId, JobInLine>,
  now: Now,
  late?: JobForecast,
): PromiseCause | undefined {
  const { model, arrivedAt: since } = request;
  const own = serversOf(fleet, model, stood.get(model));
  const servers =
    own.length > 0 ? own : [...fleet.servers.values()].filter((one) => one.repository.has(model));
  const isAny = (is: (server: Server) => boolean): boolean => servers.some(is);
  if (fleet.frozen) return 'operator';
  if ([...fleet.cooldowns.values()].some((one) => one.model === model && one.at >= since))
    return 'load_failed';
  if (isAny((one) => one.lateLoadAt >= since || isAnyOverrun(fleet, one, now))) return 'load_late';
  if (isAny((one) => isMemoryLate(fleet, one, since, now))) return 'memory_late';
  return pushedBackBy(fleet, request, { servers, stood }, now, late);
}

/** Where a job stands or stood, and the line of the turn before. */
interface Stood {
  readonly servers: readonly Server[];
  readonly stood: ReadonlyMap<ModelId, JobInLine>;
}

/** What goes before a request on these servers, or keeps loads from them. */
function pushedBackBy(
  fleet: Readonly<Fleet>,
  request: Request,
  { servers, stood }: Stood,
  now: Now,
  late?: JobForecast,
): PromiseCause | undefined {
  if (servers.some(({ drain }) => drain !== null)) return 'operator';
  if (servers.length === 0 || servers.some((one) => standingOf(one, now) !== 'ready')) return 'server';
  if (isOutranked(fleet, request, servers)) return 'outranked';
  if (isAnyOrdered(fleet, request.arrivedAt, { servers, stood })) return 'operator';
  if (late && isOutOfEvictions(fleet, late, now)) return 'evictions';
  const isPlaced = replicasOf(fleet, request.model).some(({ phase }) => phase === 'placed');
  return isPlaced ? 'memory_late' : undefined;
}

/** Where the job of a model stands or stood, and where it has its place or loads. */
function serversOf(fleet: Readonly<Fleet>, model: ModelId, stood?: JobInLine): readonly Server[] {
  const own = new Set([stood?.server, fleet.line.get(model)?.server]);
  for (const { server, phase } of replicasOf(fleet, model)) if (phase !== 'ready') own.add(server);
  return [...fleet.servers.values()].filter(({ spec }) => own.has(spec.id));
}

/** Whether a load under way there has passed its P90: the jobs behind it wait. */
const isAnyOverrun = (fleet: Readonly<Fleet>, { spec }: Server, now: Now): boolean =>
  unsettledOn(fleet, spec.id).some((one) => hasOverrun(fleet, one, now));

/** Whether memory there came late since a moment, or is late: a device is closed, or an unload takes longer than its P90. */
const isMemoryLate = (fleet: Readonly<Fleet>, server: Server, since: Instant, now: Now): boolean =>
  server.lateMemoryAt >= since ||
  (server.devices ?? []).some((device) => closedOn(server, device) !== null) ||
  unsettledOn(fleet, server.spec.id).some(
    (one) => one.phase === 'unloading' && now.stamp > one.emptiedAt + unloadForecast(server).p90,
  );

/** Whether requests of a higher class wait for what is to be loaded on one of these servers. */
const isOutranked = (
  fleet: Readonly<Fleet>,
  { model, class: own }: Request,
  servers: readonly Server[],
): boolean =>
  [...modelsAwaited(fleet)].some(
    ([other, classes]) =>
      other !== model &&
      [...classes].some((one) => rankOf(one) > rankOf(own)) &&
      serversOf(fleet, other).some((server) => servers.includes(server)),
  );

/** Whether an order of the operator has taken memory there since a moment, or wants some there that it did not before. */
const isAnyOrdered = (fleet: Readonly<Fleet>, since: Instant, { servers, stood }: Stood): boolean =>
  servers.some(({ orderedPlaceAt }) => orderedPlaceAt >= since) ||
  [...fleet.line].some(
    ([model, { cause, server }]) =>
      BY_ORDER.has(cause) &&
      ((fleet.wantedSince.get(model) ?? -Infinity) >= since || stood.get(model)?.server !== server) &&
      servers.some(({ spec }) => spec.id === server),
  );

/** Whether what it counts on would leave, had the devices an eviction left. */
const isOutOfEvictions = (fleet: Readonly<Fleet>, { place, leaving }: JobForecast, now: Now): boolean =>
  place !== null && leaving.some(({ isTold }) => isTold) && openAgainAt(fleet, place) > now.stamp;
