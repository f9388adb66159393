import { countAsks } from '../learned/demand.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, put, replicasOf, type Request } from '../fleet/fleet.js';
import { type ModelId, replicaId, type RequestId, type ServerId } from '../fleet/ids.js';
import { pardon } from '../memory/limits.js';
import type { Instant } from '../fleet/model.js';
import { isFullWanted, toldAt } from '../looks/look-around.js';
import { isPinProtected } from '../memory/pins.js';
import type { Ready, Replica } from '../fleet/replica.js';
import { isLeftAlone } from '../fleet/standing.js';
import { learnLease } from '../learned/leases.js';
import { countRoutes } from '../learned/strain.js';
import { forgetFailures } from '../learned/cooldown.js';

/** A doubted server is looked at no more often than this. */
const DOUBT_EVERY = 1_000;

/** A request has come for a model of which no copy is ready for it. */
export function admitRequest(fleet: Fleet, request: Request, now: Instant): void {
  fleet.waiting.set(request.id, request);
  countAsks(fleet, request.model, 1, now);
}

export function cancelRequest(fleet: Fleet, id: RequestId): void {
  fleet.waiting.delete(id);
}

export function useRoutes(fleet: Fleet, uses: EventOf<'RoutesUsed'>['uses']): void {
  for (const { replica: id, at, inUseUntil, routes } of uses) {
    const replica = fleet.replicas.get(id);
    if (replica) {
      learnLease(fleet, replica.model, inUseUntil - at);
      countRoutes(fleet, replica.model, routes);
      countAsks(fleet, replica.model, routes, at);
    }
    if (replica?.phase === 'ready') {
      const lastUse = Math.max(replica.lastUse, at);
      put(fleet, { ...replica, lastUse, inUseUntil: Math.max(replica.inUseUntil, inUseUntil) });
    } else if (replica?.phase === 'draining') {
      put(fleet, { ...replica, inUseUntil: Math.max(replica.inUseUntil, inUseUntil) });
    }
  }
}

/** A doubt is put off where the last look is young, never dropped: a request for that look would wait too long. */
export function doubtServers(fleet: Fleet, servers: readonly ServerId[], now: Instant): void {
  for (const id of servers) {
    const server = fleet.servers.get(id);
    if (!server || (isFullWanted(server) && server.looking !== 'full')) continue;
    server.lookWanted = Math.max(now, toldAt(server) + DOUBT_EVERY);
  }
}

/** An admin's order is demand like any other, but one that past failures do not hold back. */
export function orderLoad(
  fleet: Fleet,
  { model, until }: Omit<EventOf<'LoadOrdered'>, 'kind'>,
  now: Instant,
): void {
  if (!fleet.models.has(model)) return;
  forgetFailures(fleet, model);
  pardon(fleet, model);
  fleet.wishes.set(model, { until, admin: true, since: now });
  forgetPutOff(fleet, model);
}

/**
 * Retires the present copies once. Pinned ones stay, and so do one that a load is changing and those on servers that are left
 * alone: no unload could follow there. `force` does not wait for leases. In a frozen fleet it has to wait: routes go on.
 */
export function orderUnload(
  fleet: Fleet,
  { model, force }: Omit<EventOf<'UnloadOrdered'>, 'kind'>,
  now: Instant,
): void {
  fleet.wishes.delete(model);
  for (const [id, reload] of fleet.reloads) if (reload.model === model) fleet.reloads.delete(id);
  for (const replica of replicasOf(fleet, model)) {
    if (fleet.frozen) fleet.putOff.set(replica.id, { model, server: replica.server, force });
    else unloadCopy(fleet, replica, force, now);
  }
}

/** Of two orders about a model the later one counts. */
export function forgetPutOff(fleet: Fleet, model: ModelId): void {
  for (const [id, one] of fleet.putOff) if (one.model === model) fleet.putOff.delete(id);
}

/** Unloads that had not been carried out when an earlier life of ours ended are so once their servers were looked at. */
export function rememberUnload(fleet: Fleet, { model, copies }: EventOf<'UnloadRemembered'>): void {
  for (const { server, force } of copies) {
    if (fleet.servers.has(server)) fleet.putOff.set(replicaId(model, server), { model, server, force });
  }
}

/** Lets a copy go for an admin: one that is there and free to go. */
export function unloadCopy(fleet: Fleet, replica: Replica, force: boolean, now: Instant): void {
  if (replica.phase === 'ready') unloadReady(fleet, replica, force, now);
  else if (replica.phase === 'draining' && force) put(fleet, { ...replica, inUseUntil: now });
}

function unloadReady(fleet: Fleet, replica: Ready, force: boolean, now: Instant): void {
  if (replica.change?.order || isPinProtected(fleet, replica)) return;
  if (isLeftAlone(fleet.servers.get(replica.server)!)) return;
  const { id, model, server, devices, bookings, stranger, versions, inUseUntil, pulse } = replica;
  put(fleet, {
    id,
    model,
    server,
    devices,
    bookings,
    stranger,
    versions,
    phase: 'draining',
    since: now,
    inUseUntil: force ? now : inUseUntil,
    pulse,
    cause: 'admin',
    makesRoomFor: null,
  });
}
