import type { Fleet, Instant, Model, ModelId, Replica, Server } from '#core';
import type { AccountId, Bytes } from '#core';
import {
  add,
  at,
  booksOf,
  copiesOn,
  devicesBeside,
  devicesFor,
  gpusOf,
  isChosen,
  isWrittenOff,
  needsOf,
  type Way,
} from './books.js';

/** Whether a server may be ordered to load and unload. */
export const isUp = ({ contact, looked, mode }: Server): boolean =>
  contact.kind === 'up' && looked && mode === 'explicit';

const isOpen = (server: Server): boolean => isUp(server) && !server.drain && server.devices !== null;

export const isWelcome = (server: Server, model: Model): boolean =>
  Object.entries(model.require).every(([key, value]) => server.spec.labels[key] === value);

/** Whether nothing can be built on it: it goes, or was last seen absent. */
export const isGoing = (replica: Replica): boolean =>
  replica.phase === 'draining' ||
  replica.phase === 'unloading' ||
  (replica.phase === 'unknown' && !replica.coming);

/** Every way to get one more copy of a model: on a server without one, or (from the second on) beside a ready one. */
export function waysTo(fleet: Fleet, model: Model, copies: number): Way[] {
  const open = [...fleet.servers.values()].filter(isOpen);
  const fresh = open.flatMap((server) => freshWays(fleet, server, model));
  return copies > 1 ? [...fresh, ...open.flatMap((server) => growingWays(fleet, server, model))] : fresh;
}

function freshWays(fleet: Fleet, server: Server, model: Model): Way[] {
  if (at(fleet, model.id, server) || !isWelcome(server, model)) return [];
  const needed = [...needsOf(fleet, model.id)];
  const missing = needed.filter((id) => !at(fleet, id, server));
  if (needed.some((id) => at(fleet, id, server) && isGoing(at(fleet, id, server)!))) return [];
  const mayCome = (id: ModelId): boolean =>
    server.repository.has(id) &&
    fleet.models.get(id)!.enabled &&
    devicesFor(server, fleet.models.get(id)!).length > 0;
  if (![model.id, ...missing].every(mayCome)) return [];
  return devicesFor(server, model).map((devices) => ({
    server,
    devices,
    needs: costOf(fleet, server, model, devices, missing),
    grows: null,
  }));
}

/** What a model on these devices would book there with all that it has to bring along. */
export function costOf(
  fleet: Fleet,
  server: Server,
  model: Model,
  devices: readonly number[],
  missing: readonly ModelId[],
): Map<AccountId, Bytes> {
  const cost = new Map<AccountId, Bytes>();
  add(cost, booksOf(fleet, server, model.id, devices));
  for (const id of missing) {
    add(cost, booksOf(fleet, server, id, devicesBeside(server, fleet.models.get(id)!, devices)));
  }
  return cost;
}

/** Triton may build the new copies beside the old ones: both are booked until it has answered. */
function growingWays(fleet: Fleet, server: Server, model: Model): Way[] {
  const replica = at(fleet, model.id, server);
  if (replica?.phase !== 'ready' || replica.change || !isChosen(server, model)) return [];
  if (isWrittenOff(fleet, replica)) return [];
  const others = gpusOf(server).filter((one) => !replica.devices.includes(one));
  return others.map((one) => {
    const devices = [...replica.devices, one].toSorted((a, b) => a - b);
    return { server, devices, needs: costOf(fleet, server, model, devices, []), grows: replica.id };
  });
}

/** Copies that are there or on their way, on servers that stay. */
export function copiesPresent(fleet: Fleet, id: ModelId, now: Instant): number {
  let copies = 0;
  for (const replica of fleet.replicas.values()) {
    if (replica.model !== id || !isComing(fleet, replica, now) || isWrittenOff(fleet, replica)) continue;
    const devices = (replica.phase === 'ready' && replica.change?.devices) || replica.devices;
    copies += copiesOn(fleet.models.get(id)!, devices);
  }
  return copies;
}

function isComing(fleet: Fleet, replica: Replica, now: Instant): boolean {
  const { contact, drain } = fleet.servers.get(replica.server)!;
  if (drain || contact.kind === 'lost' || isGoing(replica)) return false;
  const began = replica.phase === 'loading' || replica.phase === 'unknown' ? replica.since : now;
  return now < began + fleet.models.get(replica.model)!.loadTimeout;
}
