import { type Fleet, put } from '../fleet/fleet.js';
import { isPinProtected } from '../memory/pins.js';
import type { Instant, Millis, Model } from '../fleet/model.js';
import { BY_ORDER, type LoadCause, type Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { JobForecast } from '../loading/schedule.js';
import { devicesSwapped, noteSwap } from '../room/swaps.js';
import { coolingOn } from '../demand/cooling.js';
import type { Want } from '../demand/wants.js';
import { replicaId } from '../fleet/ids.js';
import { drain } from '../observe/requests.js';
import { bookingsFor } from '../memory/footprint.js';
import { carrier, devicesOfStep, type Place } from '../room/places.js';
import { retirement } from './retire.js';

/**
 * Gives places to the jobs whose time has come: the copies that leave for them begin to drain. Says whether any got one. What
 * a job brings along may be wanted by others in line: it gets its place alone, after which the line is looked at again.
 */
export function placeDue(fleet: Fleet, forecasts: readonly JobForecast[], now: Instant): boolean {
  let any = false;
  for (const forecast of forecasts) {
    const isAlone = isTimeToPlace(forecast, now) && forecast.place!.brings.length > 0;
    if (isAlone && any) return true;
    any = (isTimeToPlace(forecast, now) && carryOut(fleet, forecast, forecast.job.want!, now)) || any;
    if (isAlone && any) return true;
  }
  return any;
}

const isTimeToPlace = ({ job, place, placeAt }: JobForecast, now: Instant): boolean =>
  job.want !== null && place !== null && placeAt <= now;

function carryOut(fleet: Fleet, { job, place, victims }: JobForecast, want: Want, now: Instant): boolean {
  // A job before it in this turn may have got the last load slot but one of its server.
  if (coolingOn(fleet, place!.server, want.model.id, now)) return false;
  if (victims.length > 0) {
    // For one before it the other copy of a pinned model may leave now: then these stay.
    if (victims.some((one) => isPinProtected(fleet, one))) return false;
    if (!isFreshlyRead(fleet, victims, want, now)) return false;
    for (const replica of victims) drain(fleet, replica, 'evicted', want.model.id, now);
    noteSwap(fleet, place!, now);
    noteStarved(fleet, job.isStarving, place!);
  }
  promisePlace(fleet, place!, want, now);
  return true;
}

/** A reading of use that is older is read again before anything is drained for memory. */
const FRESH: Millis = 500;

/** Whether the use of these copies was read since the want arose and a short time ago. If not, asks for it. */
function isFreshlyRead(fleet: Fleet, victims: readonly Ready[], want: Want, now: Instant): boolean {
  const left = new Set(victims.map(({ server }) => fleet.servers.get(server)!));
  const stale = [...left].filter((one) => !isFresh(one, want, now));
  for (const one of stale) one.statisticsWanted = Math.max(one.statisticsWanted ?? 0, now);
  return stale.length === 0;
}

const isFresh = ({ statisticsAt, lookTook }: Server, want: Want, now: Instant): boolean =>
  statisticsAt !== null && statisticsAt >= want.since && now - statisticsAt <= Math.max(FRESH, 2 * lookTook);

/** Every second job of a device at most goes for having starved. */
function noteStarved(fleet: Fleet, isStarving: boolean, place: NonNullable<JobForecast['place']>): void {
  for (const account of devicesSwapped(place)) {
    if (isStarving) fleet.starvedLast.add(account);
    else fleet.starvedLast.delete(account);
  }
}

/** A copy is to come back with more devices: it leaves at once where these have room now. */
function orderAnew(fleet: Fleet, place: Place, copy: Ready, cause: LoadCause, now: Instant): void {
  const { devices, bookings } = place;
  const { id, model, server } = copy;
  fleet.reloads.set(id, { model, server, cause, devices, bookings, leftAt: null, config: null });
  const why = retirement(fleet, copy, now);
  if (why) drain(fleet, copy, why, null, now);
}

/** Promises a place to a model and to all that it brings along. */
export function promisePlace(
  fleet: Fleet,
  place: Place,
  { model, cause }: { readonly model: Model; readonly cause: LoadCause },
  now: Instant,
): void {
  const { server, devices, brings } = place;
  if (BY_ORDER.has(cause)) server.orderedPlaceAt = now;
  const copy = fleet.replicas.get(replicaId(model.id, server.spec.id));
  if (copy?.phase === 'ready') return orderAnew(fleet, place, copy, cause, now);
  for (const id of [...brings, model.id]) {
    const held = id === model.id ? devices : devicesOfStep(fleet, server, id, devices);
    put(fleet, {
      id: replicaId(id, server.spec.id),
      model: id,
      server: server.spec.id,
      devices: held,
      bookings: bookingsFor(fleet, server, id, held),
      since: now,
      stranger: false,
      phase: 'placed',
      carriedBy: id === model.id ? null : carrier(fleet, server, model.id, id),
      cause: id === model.id ? cause : 'brought',
    });
  }
}
