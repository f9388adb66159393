import type { EventOf } from '../events.js';
import { type Fleet, put, replicasOf } from '../fleet.js';
import type { ModelId, RequestId, ServerId } from '../ids.js';
import { pardon } from '../limits.js';
import type { Instant } from '../model.js';
import { isFullWanted } from '../passes/look-around.js';
import { isPinProtected } from '../pins.js';
import type { Ready } from '../replica.js';
import { countRoutes } from '../strain.js';

/** A doubted server is looked at no more often than this. */
const DOUBT_EVERY = 1_000;

export function cancelRequest(fleet: Fleet, id: RequestId): void {
  fleet.waiting.delete(id);
}

export function useRoutes(fleet: Fleet, uses: EventOf<'RoutesUsed'>['uses']): void {
  for (const { replica: id, at, inUseUntil, routes } of uses) {
    const replica = fleet.replicas.get(id);
    if (replica) countRoutes(fleet, replica.model, routes);
    if (replica?.phase === 'ready') {
      const lastUse = Math.max(replica.lastUse, at);
      put(fleet, { ...replica, lastUse, inUseUntil: Math.max(replica.inUseUntil, inUseUntil) });
    } else if (replica?.phase === 'draining') {
      put(fleet, { ...replica, inUseUntil: Math.max(replica.inUseUntil, inUseUntil) });
    }
  }
}

/** A doubt is put off where the last look is young, never dropped: who waits for that look would wait too long. */
export function doubtServers(fleet: Fleet, servers: readonly ServerId[], now: Instant): void {
  for (const id of servers) {
    const server = fleet.servers.get(id);
    if (!server || (isFullWanted(server) && server.looking !== 'full')) continue;
    server.lookWanted = Math.max(now, (server.lookedAt ?? -Infinity) + DOUBT_EVERY);
  }
}

/** An admin's order is demand like any other, but one that past failures do not hold back. */
export function orderLoad(
  fleet: Fleet,
  { model, until }: Omit<EventOf<'LoadOrdered'>, 'kind'>,
  now: Instant,
): void {
  if (!fleet.models.has(model)) return;
  forgetCooldowns(fleet, model);
  pardon(fleet, model);
  fleet.wishes.set(model, { until, admin: true, since: now });
  putOff(fleet, (unloads) => unloads.delete(model));
}

export function forgetCooldowns(fleet: Fleet, model: ModelId): void {
  for (const [id, cooldown] of fleet.cooldowns) if (cooldown.model === model) fleet.cooldowns.delete(id);
}

/**
 * Retires the present copies once; pinned ones stay, and so does one that a load is changing. `force` does not wait for
 * leases. In a frozen fleet it has to wait: routes go on.
 */
export function orderUnload(
  fleet: Fleet,
  { model, force }: Omit<EventOf<'UnloadOrdered'>, 'kind'>,
  now: Instant,
): void {
  fleet.wishes.delete(model);
  for (const [id, reload] of fleet.reloads) if (reload.model === model) fleet.reloads.delete(id);
  if (fleet.frozen) return putOff(fleet, (unloads) => unloads.set(model, force));
  for (const replica of replicasOf(fleet, model)) {
    if (replica.phase === 'ready') unloadReady(fleet, replica, force, now);
    else if (replica.phase === 'draining' && force) put(fleet, { ...replica, inUseUntil: now });
  }
}

/** Changes which unloads wait for the freeze to end, where there is one. */
function putOff(fleet: Fleet, change: (unloads: Map<ModelId, boolean>) => void): void {
  if (!fleet.frozen) return;
  const unloads = new Map(fleet.frozen.unloads);
  change(unloads);
  fleet.frozen = { ...fleet.frozen, unloads };
}

function unloadReady(fleet: Fleet, replica: Ready, force: boolean, now: Instant): void {
  if (replica.change?.order || isPinProtected(fleet, replica)) return;
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
