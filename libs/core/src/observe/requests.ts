import type { Now } from '../numbers/now.js';
import { countRequests } from '../learned/worth.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, forget, put, type Reload, replicasOf } from '../fleet/fleet.js';
import { beginWaiting, endWaiting } from '../fleet/waiting.js';
import { type ModelId, replicaId, type ServerId } from '../fleet/ids.js';
import { overrideLimit } from '../memory/limits.js';
import { isFullWanted, toldAt } from '../looks/poll.js';
import { isPinProtected } from '../memory/pins.js';
import { reloadsOf } from '../memory/reloads.js';
import { isLoading, NO_BOOKINGS, type Replica } from '../fleet/replica.js';
import { areOrdersStopped, isAllSeen, isLeftAlone } from '../fleet/standing.js';
import { drain } from '../fleet/transitions.js';
import { learnLease } from '../learned/leases.js';
import { countRoutes } from '../learned/utilisation.js';
import { forgetFailures } from '../learned/cooldown.js';
import { forgetPutOff, rebook } from './declared.js';

/** The time between two looks at a doubted server. */
const DOUBT_EVERY = 1_000;

/** A request has come that found no ready copy. */
export function admitRequest(fleet: Fleet, { request }: EventOf<'RequestArrived'>, now: Now): void {
  beginWaiting(fleet, request);
  if (!fleet.models.has(request.model) && !isAllSeen(fleet)) fleet.unknownAskedAt = now.stamp;
  countRequests(fleet, request.model, 1, now.stamp);
}

export const cancelRequest = (fleet: Fleet, { request }: EventOf<'RequestCancelled'>): void =>
  endWaiting(fleet, request);

export function useRoutes(fleet: Fleet, { uses }: EventOf<'RoutesUsed'>): void {
  for (const { replica: id, at, inUseUntil, routes } of uses) {
    const replica = fleet.replicas.get(id);
    if (!replica) continue;
    learnLease(fleet, replica.model, inUseUntil - at);
    countRoutes(fleet, replica.model, routes);
    countRequests(fleet, replica.model, routes, at);
    if (replica.phase !== 'ready' && (replica.phase !== 'draining' || replica.isForced)) continue;
    const leased = { ...replica, inUseUntil: Math.max(replica.inUseUntil, inUseUntil) };
    put(fleet, leased.phase === 'ready' ? { ...leased, lastUse: Math.max(leased.lastUse, at) } : leased);
  }
}

/** Where the last look at a doubted server is young the next one is put off, but not dropped. */
export function doubtServers(fleet: Fleet, { servers }: EventOf<'ServersDoubted'>, now: Now): void {
  for (const id of servers) {
    const server = fleet.servers.get(id);
    if (!server || (isFullWanted(server) && server.looking !== 'full')) continue;
    server.lookWanted = Math.max(now.stamp, toldAt(server) + DOUBT_EVERY);
  }
}

/** Failures of a model count no more, nor what it was booked with for them, nor its limit. */
function forgive(fleet: Fleet, model: ModelId): void {
  forgetFailures(fleet, model);
  for (const server of fleet.servers.values()) rebook(fleet, server, model);
  overrideLimit(fleet, model);
}

/** An admin's order to load is best-effort demand that past failures do not delay. */
export function orderLoad(
  fleet: Fleet,
  { model, until }: Omit<EventOf<'LoadOrdered'>, 'kind'>,
  now: Now,
): void {
  if (!fleet.models.has(model)) return;
  forgive(fleet, model);
  fleet.bestEffort.set(model, { until, admin: true, since: now.stamp });
  forgetPutOff(fleet, model);
}

/** Unloads the present copies; once orders may be sent again, if they may not. */
export function orderUnload(
  fleet: Fleet,
  { model, force }: Omit<EventOf<'UnloadOrdered'>, 'kind'>,
  now: Now,
): void {
  fleet.bestEffort.delete(model);
  for (const [id, reload] of fleet.reloads) if (reload.model === model) fleet.reloads.delete(id);
  for (const replica of replicasOf(fleet, model)) {
    if (areOrdersStopped(fleet)) fleet.putOff.set(replica.id, { model, server: replica.server, force });
    else unloadCopy(fleet, replica, force, now);
  }
}

/** Orders of an earlier process of Berth are carried out once their servers were looked at. */
export function rememberUnload(fleet: Fleet, { model, copies }: EventOf<'UnloadRemembered'>): void {
  for (const { server, force } of copies) {
    if (fleet.servers.has(server)) fleet.putOff.set(replicaId(model, server), { model, server, force });
  }
}

/**
 * Drains a copy for an admin; `force` does not wait for leases. Pinned copies stay, copies
 * that have outlived an unload, and copies on servers that take no orders.
 */
export function unloadCopy(fleet: Fleet, replica: Replica, force: boolean, now: Now): void {
  const mayGo = !isPinProtected(fleet, replica) && !isLeftAlone(fleet.servers.get(replica.server)!);
  if (replica.phase === 'ready' && !replica.outlived && mayGo) drain(fleet, replica, 'admin', null, now);
  const draining = fleet.replicas.get(replica.id);
  if (force && draining?.phase === 'draining')
    put(fleet, { ...draining, inUseUntil: now.stamp, isForced: true });
}

/**
 * Has every copy loaded anew that is there or on its way in, since it may have read the old files. The learned config of
 * the model is forgotten at once on servers without a copy, and on others when the copy has left.
 */
export function orderReload(fleet: Fleet, { model, until }: EventOf<'ReloadOrdered'>, now: Now): void {
  if (!fleet.models.has(model)) return;
  for (const replica of replicasOf(fleet, model)) {
    if (replica.phase === 'placed') forget(fleet, replica);
    else if (replica.phase === 'ready' || isLoading(replica)) {
      const { id, server, devices } = replica;
      fleet.reloads.set(id, { ...orderedReload(model, server), devices });
    }
  }
  for (const server of fleet.servers.values()) {
    if (!fleet.replicas.has(replicaId(model, server.spec.id))) server.configs.delete(model);
  }
  if (reloadsOf(fleet, model).length === 0) return orderLoad(fleet, { model, until }, now);
  forgive(fleet, model);
  forgetPutOff(fleet, model);
}

/** Reloads that an earlier process of Berth did not finish go on once their servers were looked at. */
export function rememberReload(fleet: Fleet, { model, copies }: EventOf<'ReloadRemembered'>, now: Now): void {
  overrideLimit(fleet, model);
  for (const { server, hasLeft } of copies) {
    const leftAt = hasLeft ? now.stamp : null;
    if (!fleet.servers.has(server)) continue;
    fleet.reloads.set(replicaId(model, server), { ...orderedReload(model, server), leftAt });
  }
}

const orderedReload = (model: ModelId, server: ServerId): Reload => ({
  ...{ model, server, cause: 'reload', devices: [], bookings: NO_BOOKINGS, leftAt: null, config: null },
});
