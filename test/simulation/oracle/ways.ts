import type { Fleet, Instant, Model, ModelId, Replica, Server } from '#core';
import { type AccountId, type Bytes, hostAccount } from '#core';
import {
  add,
  at,
  booksOf,
  copiesOn,
  devicesBeside,
  devicesFor,
  gpusOf,
  leaningOn,
  isChosen,
  isReplaced,
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
  (replica.phase === 'unknown' && replica.sight.shows !== 'coming');

/** Every way to get one more copy of a model: on a server without one, or where a ready one may be loaded anew
 * with it. */
export function waysTo(fleet: Fleet, model: Model, isAnew: boolean): Way[] {
  const open = [...fleet.servers.values()].filter(isOpen);
  const fresh = open.flatMap((server) => freshWays(fleet, server, model));
  return isAnew ? [...fresh, ...open.flatMap((server) => waysAnew(fleet, server, model))] : fresh;
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

const isKept = (fleet: Fleet, { stranger, server }: Replica): boolean =>
  stranger && fleet.servers.get(server)!.spec.strangers === 'keep';

/** What the copy holds is free for it again once it has left. */
function waysAnew(fleet: Fleet, server: Server, model: Model): Way[] {
  const replica = at(fleet, model.id, server);
  if (replica?.phase !== 'ready' || !isChosen(server, model)) return [];
  if (isReplaced(fleet, replica) || isKept(fleet, replica) || leaningOn(fleet, replica).length > 0) return [];
  const others = gpusOf(server).filter((one) => !replica.devices.includes(one));
  return others.map((one) => {
    const devices = [...replica.devices, one].toSorted((a, b) => a - b);
    const needs = costOf(fleet, server, model, [one], []);
    needs.delete(hostAccount(server.spec.host));
    return { server, devices, needs };
  });
}

/** Copies that are there or on their way, on servers that stay. */
export function copiesPresent(fleet: Fleet, id: ModelId, now: Instant): number {
  let copies = 0;
  for (const replica of fleet.replicas.values()) {
    if (replica.model !== id || !isComing(fleet, replica, now) || isReplaced(fleet, replica)) continue;
    copies += copiesOn(fleet.models.get(id)!, fleet.reloads.get(replica.id)?.devices ?? replica.devices);
  }
  return copies;
}

function isComing(fleet: Fleet, replica: Replica, now: Instant): boolean {
  const { contact, drain } = fleet.servers.get(replica.server)!;
  if (drain || contact.kind === 'lost') return false;
  if (isGoing(replica)) return fleet.reloads.has(replica.id);
  const began = replica.phase === 'loading' || replica.phase === 'unknown' ? replica.since : now;
  return now < began + fleet.models.get(replica.model)!.loadTimeout;
}
