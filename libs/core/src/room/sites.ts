import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { hostAccount, replicaId } from '../fleet/ids.js';
import { bookingsFor, isNeeded, reservationOf } from '../memory/footprint.js';
import { Ledger } from '../memory/ledger.js';
import { copiesOn, isReplaced } from '../memory/pins.js';
import { reloadsOf } from '../memory/reloads.js';
import type { Bytes, Model } from '../fleet/model.js';
import type { Ready, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isKept } from '../fleet/idle-rule.js';
import { isLeftAlone } from '../fleet/standing.js';
import { coolingOn } from '../demand/cooling.js';
import { presentCopies, presentOn, type Want } from '../demand/wants.js';
import { Room } from './feasible.js';
import { canChoose, type Place, placesOn, Site } from './places.js';

type Ways = (server: Server) => readonly Place[];
type Devices = readonly number[];

/** The sites for a want; none while failed loads keep the model from there. Copies by demand are at most `copies.max`. */
export function sitesFor(fleet: Fleet, want: Want, open: readonly Server[], now: Now): Site[] {
  const { model, copies, isExtra } = want;
  const lacking = copies - presentCopies(fleet, model.id, now);
  const isStanding = copies > 1 && !isExtra && lacking > 0;
  const ways: Ways = isStanding
    ? waysToStand(fleet, model, lacking, now)
    : (server) => placesOn(fleet, server, model);
  const sites = open.map(
    (server) => new Site(server, () => (coolingOn(fleet, server, model.id, now) ? [] : ways(server))),
  );
  if (copies === 1 || !isExtra) return sites;
  const most = (model.maxCopies ?? 0) - presentCopies(fleet, model.id, now);
  return sites.map((site) => site.where(({ devices }) => copiesOn(model, devices) <= most));
}

/**
 * The ways to meet a pin or `copies.min`: each server without a copy gets its part of them at one load. Where none could
 * ever have one, a ready copy is loaded anew with more devices. A server that is lost is waited for: the copies serve.
 */
function waysToStand(fleet: Fleet, model: Model, lacking: number, now: Now): Ways {
  const room = new Room(fleet);
  const ledger = new Ledger(fleet, now);
  const servers = [...fleet.servers.values()];
  const left = servers.filter((server) => isLeftFor(fleet, room, server, model, now)).length;
  const part = Math.ceil(lacking / Math.max(1, left));
  const setsOn = (server: Server, held: Devices): readonly Devices[] =>
    setsOf(devicesLeft(ledger, room, server, reservationOf(fleet, server, model.id).bytes, held), part);
  return (server) => {
    const isPart = part > 1 && canChoose(server, model);
    if (left > 0) return placesOn(fleet, server, model, isPart ? setsOn(server, []) : undefined);
    const copy = fleet.replicas.get(replicaId(model.id, server.spec.id));
    if (copy?.phase !== 'ready' || !mayBeLoadedAnew(fleet, server, copy)) return [];
    return placesAnew(fleet, server, copy, setsOn(server, copy.devices));
  };
}

/** Whether a server without a copy could have one some time. */
function isLeftFor(fleet: Fleet, room: Room, server: Server, model: Model, now: Now): boolean {
  if (server.drain !== null || isLeftAlone(server) || presentOn(fleet, server, model.id, now) > 0)
    return false;
  const fit = room.fitOn(server, model);
  return fit === 'fits' || fit === 'unseen';
}

/** Whether a copy could leave and come back: it heeds orders, and nothing needs it. One of a model does so at a time. */
function mayBeLoadedAnew(fleet: Fleet, server: Server, copy: Ready): boolean {
  const model = fleet.models.get(copy.model)!;
  if (copy.outlived || isReplaced(fleet, copy) || isKept(fleet, copy) || isNeeded(fleet, copy)) return false;
  return (
    canChoose(server, model) && server.repository.has(model.id) && reloadsOf(fleet, model.id).length === 0
  );
}

/** The devices beside those held that have room beside what stays, the widest gap first. */
function devicesLeft(ledger: Ledger, room: Room, { devices }: Server, bytes: Bytes, held: Devices): Devices {
  return (devices ?? [])
    .filter(({ account, ordinal }) => !held.includes(ordinal) && room.fits(account, bytes))
    .toSorted((one, other) => ledger.spare(other.account) - ledger.spare(one.account))
    .map(({ ordinal }) => ordinal);
}

/** Sets of so many of these devices and of fewer, since not all may have room: each with the first of the others. */
const setsOf = (devices: Devices, most: number): readonly Devices[] => {
  const sets = new Map<string, Devices>();
  for (let size = Math.min(most, devices.length); size > 0; size -= 1)
    for (const one of ascending(devices)) {
      const set = ascending([one, ...devices.filter((other) => other !== one)].slice(0, size));
      sets.set(String(set), set);
    }
  return [...sets.values()];
};

const ascending = (devices: Devices): Devices => devices.toSorted((one, other) => one - other);

/** What the copy holds comes back to it, so only what is on more devices is asked for. */
function placesAnew(fleet: Fleet, server: Server, copy: Replica, sets: readonly Devices[]): Place[] {
  const host = hostAccount(server.spec.host);
  const tried = fleet.loadedAnew.get(copy.id)?.copies ?? 0;
  return sets
    .filter((more) => copy.devices.length + more.length > tried)
    .map((more) => ({
      server,
      devices: ascending([...copy.devices, ...more]),
      coLoaded: [],
      bookings: bookingsFor(fleet, server, copy.model, more).filter(({ account }) => account !== host),
    }));
}
