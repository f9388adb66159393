import type { Now } from '../numbers/now.js';
import type { Fleet, Reload } from '../fleet/fleet.js';
import type { ReplicaId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import { Ledger } from '../memory/ledger.js';
import type { Millis, Model } from '../fleet/model.js';
import { isNeeded } from '../memory/footprint.js';
import { needsQuarantined } from '../memory/limits.js';
import { cameWith } from '../memory/pending.js';
import { standingCopies } from '../memory/pins.js';
import { NO_BOOKINGS, type Replica } from '../fleet/replica.js';
import { isComingBack } from '../memory/reloads.js';
import type { Server } from '../fleet/server.js';
import {
  areLoadsStopped,
  isAboutToTakeLoads,
  isLeftAlone,
  isSettling,
  isStuck,
  standingOf,
} from '../fleet/standing.js';
import { coolingOn } from '../demand/cooling.js';
import { promisePlace } from './bind.js';
import { canChoose, deviceChoices, type Place, placesOn } from '../room/places.js';
import { presentCopies } from '../demand/wants.js';
import { noteBestEffort } from '../demand/best-effort.js';

/** Follows what is to be loaded anew: what has left is to come back, and what has come back is done. */
export function followReloads(fleet: Fleet, now: Now): void {
  for (const [id, { until }] of fleet.loadedAnew) if (now.has(until)) fleet.loadedAnew.delete(id);
  for (const [id, reload] of fleet.reloads) {
    const next = followed(fleet, id, reload, now);
    if (next === 'left' || next === 'replaced') leave(fleet, id, reload, now);
    if (next === 'over' || next === 'replaced') fleet.reloads.delete(id);
    else if (next === 'failed') endAll(fleet, reload.model);
  }
}

type ReloadStep = 'waits' | 'left' | 'replaced' | 'over' | 'failed';

function followed(fleet: Fleet, id: ReplicaId, reload: Reload, now: Now): ReloadStep {
  const replica = fleet.replicas.get(id);
  const model = fleet.models.get(reload.model);
  const server = fleet.servers.get(reload.server);
  if (!server || model?.enabled === false) return 'over';
  if (server.lookedAt === null) return 'waits';
  if (!model) return 'over';
  if (!replica) return whileItIsGone(fleet, model, reload, now);
  if (isStuck(fleet, replica, now)) return 'over';
  return reload.leftAt === null ? beforeItLeft(fleet, replica, reload, now) : sinceItLeft(replica);
}

/**
 * It is to come back where there are fewer copies than there may be. While its server was lost, or not yet looked at in
 * this life of ours, another one may have been loaded in its place; or it was declared so small meanwhile that it is quarantined.
 */
function whileItIsGone(fleet: Fleet, model: Model, { leftAt }: Reload, now: Now): ReloadStep {
  if (needsQuarantined(fleet, model.id)) return 'over';
  const most = Math.max(model.maxCopies ?? 1, standingCopies(model));
  if (presentCopies(fleet, model.id, now) >= most) return 'replaced';
  return leftAt === null ? 'left' : 'waits';
}

/**
 * What is evicted, or moved since its server is drained, is not for us to bring back; what is needed cannot leave, nor what
 * is on a server that is left alone.
 */
function beforeItLeft(fleet: Fleet, replica: Replica, reload: Reload, now: Now): ReloadStep {
  switch (replica.phase) {
    case 'placed':
      return 'over';
    case 'draining':
    case 'unloading':
      return isComingBack(fleet, replica) ? 'waits' : 'over';
    case 'ready':
      return !replica.outlived && mayBeReloaded(fleet, replica) && isWanted(fleet, reload, now)
        ? 'waits'
        : 'over';
    case 'loading':
    case 'unknown':
      return 'waits';
  }
}

function mayBeReloaded(fleet: Fleet, replica: Replica): boolean {
  const server = fleet.servers.get(replica.server)!;
  return server.drain === null && !isLeftAlone(server) && !isNeededHere(fleet, replica);
}

/** Whether an admin ordered it, or no more copies will be there than are to stand, and what was promised to it is still to come. */
function isWanted(fleet: Fleet, { model, cause, bookings }: Reload, now: Now): boolean {
  if (cause === 'reload') return true;
  const ledger = new Ledger(fleet, now);
  const isLeft = bookings.every(({ account }) => ledger.spare(account) >= 0);
  return isLeft && presentCopies(fleet, model, now) <= standingCopies(fleet.models.get(model));
}

/** What may be a step of a load under way waits until its config tells. */
const isNeededHere = (fleet: Fleet, replica: Replica): boolean =>
  isNeeded(fleet, replica) && cameWith(fleet, replica).length === 0;

function sinceItLeft(replica: Replica): ReloadStep {
  switch (replica.phase) {
    case 'placed':
    case 'loading':
      return 'waits';
    case 'unknown':
      return replica.after === 'load_failed' ? 'failed' : 'waits';
    default:
      return 'over';
  }
}

/** A version that does not load is not to take the place of the copies that serve. */
function endAll(fleet: Fleet, model: Reload['model']): void {
  for (const [id, one] of fleet.reloads) if (one.model === model) fleet.reloads.delete(id);
}

/** For how long a copy that comes back with fewer copies than it left for is not loaded anew for as many. */
const AGAIN: Millis = 600_000;

/** Where an admin ordered it its files may say something else than what was learned of it. */
function leave(fleet: Fleet, id: ReplicaId, reload: Reload, now: Now): void {
  if (reload.cause !== 'reload') {
    fleet.loadedAnew.set(id, { copies: reload.devices.length, until: now.stamp + AGAIN });
    fleet.reloads.set(id, { ...reload, bookings: NO_BOOKINGS, leftAt: now.stamp });
    return;
  }
  const server = fleet.servers.get(reload.server)!;
  const config = server.configs.get(reload.model) ?? null;
  server.configs.delete(reload.model);
  readAnew(fleet, reload);
  fleet.reloads.set(id, { ...reload, leftAt: now.stamp, config });
}

/**
 * Gives what has left its place again, before any other model gets one. Where it finds none on its server it is wanted
 * for anywhere, and the other copies stay as they are.
 */
export function bringBack(fleet: Fleet, open: readonly Server[], now: Now): void {
  if (fleet.reloads.size === 0 || areLoadsStopped(fleet) || isSettling(fleet, now)) return;
  const ledger = new Ledger(fleet, now);
  for (const [id, reload] of fleet.reloads) {
    const model = awaitedBack(fleet, id, reload);
    if (!model || isBetweenConnections(fleet, reload, now)) continue;
    const server = open.find(({ spec }) => spec.id === reload.server);
    const isOpen = server !== undefined && !coolingOn(fleet, server, model.id, now);
    const place = isOpen ? placeAgain(fleet, server, ledger, { model, reload }) : undefined;
    if (place) {
      ledger.promise(place.bookings);
      promisePlace(fleet, place, { model, cause: reload.cause }, now);
    } else {
      endAll(fleet, model.id);
      noteBestEffort(fleet, model.id, now);
    }
  }
}

/** Its server had a connection, and is expected back in a moment, as where it is reached anew, or its metrics are awaited. */
function isBetweenConnections({ servers }: Fleet, { server: id }: Reload, now: Now): boolean {
  const server = servers.get(id);
  if (!server || server.contact.kind === 'connecting') return false;
  return standingOf(server, now) === 'connecting' || isAboutToTakeLoads(server, now);
}

/** The model of a copy that has left and is not back; undefined also where a server is yet to say that there is such a model. */
const awaitedBack = (fleet: Fleet, id: ReplicaId, { leftAt, model }: Reload): Model | undefined =>
  leftAt === null || fleet.replicas.has(id) ? undefined : fleet.models.get(model);

type Returning = { readonly model: Model; readonly reload: Reload };

/** With the config on the disk it may need room on every device: where that is taken, better with that of before than not. */
function placeAgain(fleet: Fleet, server: Server, ledger: Ledger, returning: Returning): Place | undefined {
  const { model, reload } = returning;
  const place = placeFor(fleet, server, ledger, returning);
  if (place || !reload.config) return place;
  server.configs.set(model.id, reload.config);
  const again = placeFor(fleet, server, ledger, returning);
  if (!again) server.configs.delete(model.id);
  return again;
}

/** Where it was, or was to be, where that is still a choice; memory that is free before memory that will be. */
function placeFor(
  fleet: Fleet,
  server: Server,
  ledger: Ledger,
  { model, reload }: Returning,
): Place | undefined {
  const single = deviceChoices(server, model);
  const isLeft = canChoose(server, model) && reload.devices.every((one) => single.flat().includes(one));
  const choices = isLeft && reload.devices.length > 1 ? [reload.devices, ...single] : single;
  const fitting = placesOn(fleet, server, model, choices).filter(({ bookings }) =>
    ledger.fitsSpare(bookings),
  );
  const isWhereItWas = ({ devices }: Place): boolean => String(devices) === String(reload.devices);
  return (
    fitting.find(isWhereItWas) ?? fitting.find(({ bookings }) => ledger.fitsFree(bookings)) ?? fitting[0]
  );
}
