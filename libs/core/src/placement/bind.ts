import type { Now } from '../numbers/now.js';
import { type Fleet, put } from '../fleet/fleet.js';
import { Ledger } from '../memory/ledger.js';
import { unloadForecast } from '../learned/unload-times.js';
import { ReadyCopy, tellableFrom } from '../loading/leavable.js';
import type { Line } from '../loading/line.js';
import { isFreeOfLimit } from '../loading/place-curve.js';
import { endRefutations, noteRefuted } from '../loading/refuted.js';
import { type EvictionPlan, planFor } from '../room/plan-victims.js';
import {
  noteOutranking,
  replicasIn,
  type Victim,
  victimsAt,
  victimTest,
  type VictimTest,
} from '../room/victims.js';
import type { Instant, Millis, Model } from '../fleet/model.js';
import { BY_ORDER, type LoadCause, type Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { JobForecast } from '../loading/schedule.js';
import { evictionDevices, noteEviction, openAgainAt } from '../room/evictions.js';
import { coolingOn } from '../demand/cooling.js';
import type { Want } from '../demand/wants.js';
import { replicaId } from '../fleet/ids.js';
import { becomePlaced, drain } from '../fleet/transitions.js';
import { letGo, retirement } from './retire.js';
import { bookingsFor } from '../memory/footprint.js';
import { SitesBesidePins } from '../room/fit-pins.js';
import { carrier, devicesOfStep, type Place, placesAmong } from '../room/places.js';

/**
 * Gives places to the jobs whose time has come: which copies leave for them is chosen now, and these begin to drain. Says whether
 * anything changed. What a job brings along may be wanted by others in line: it gets its place alone, after which the line
 * is looked at again.
 */
export function bindDue(fleet: Fleet, line: Line, forecasts: readonly JobForecast[], now: Now): boolean {
  endRefutations(fleet, now);
  let any = false;
  for (const forecast of forecasts) {
    if (!isTimeToBind(forecast, now)) continue;
    const isAlone = forecast.place!.coLoaded.length > 0;
    if (isAlone && any) return true;
    any = bind(fleet, line, forecast, now) || any;
    if (isAlone && any) return true;
  }
  return any;
}

const isTimeToBind = ({ job, place, placeAt }: JobForecast, now: Now): boolean =>
  job.want !== null && place !== null && placeAt <= now.stamp;

function bind(fleet: Fleet, line: Line, forecast: JobForecast, now: Now): boolean {
  const { job, place, leaving } = forecast;
  const want = job.want!;
  // A job before it in this turn may have got the last load slot but one of its server, its memory, or the copy it comes to.
  if (coolingOn(fleet, place!.server, want.model.id, now) || isTaken(fleet, place!, want)) return false;
  const ledger = new Ledger(fleet, now);
  const isRoom = ledger.fitsSpare(place!.bookings);
  if (!isRoom && !leaving.some(({ isTold }) => isTold)) return false;
  const plan = isRoom
    ? { place: place!, victims: [] }
    : new Binding(fleet, line, forecast, ledger, now).plan();
  if (!plan) {
    noteRefuted(fleet, job.model, place!.server.spec.id, now);
    return true;
  }
  const victims = [...replicasIn(plan.victims)];
  if (!isFreshlyRead(fleet, victims, want, now)) return false;
  for (const replica of victims) drain(fleet, replica, 'evicted', want.model.id, now);
  if (victims.length > 0) {
    noteEviction(fleet, plan.place, now);
    noteOutranking(fleet, victims, want, now);
    noteStarved(fleet, job.isStarving, plan.place);
  }
  promisePlace(fleet, plan.place, want, now);
  return true;
}

/** Whether a copy stands at a place that cannot come back with more devices, since it leaves. */
function isTaken({ replicas }: Fleet, { server }: Place, { model }: Want): boolean {
  const copy = replicas.get(replicaId(model.id, server.spec.id));
  return copy !== undefined && copy.phase !== 'ready';
}

/** The choice of the copies that leave for a job: the lowest class first, then the least worth, the smallest sufficient set. */
class Binding {
  private readonly isVictim: VictimTest;

  constructor(
    private readonly fleet: Fleet,
    private readonly line: Line,
    private readonly forecast: JobForecast,
    private readonly ledger: Ledger,
    private readonly now: Now,
  ) {
    const { job } = forecast;
    const isVictim = victimTest(fleet, job.want!, now);
    this.isVictim = (one): one is Ready => isVictim(one) && this.isTellable(one);
  }

  /** At the place that was reserved, else at another of its server; among what is gone in time before others. */
  plan(): EvictionPlan | undefined {
    const { fleet, line, now } = this;
    const { place, job } = this.forecast;
    const others = placesAmong(
      new SitesBesidePins(fleet, line.open, now).for(job.want!),
      place!.server.spec.id,
    );
    const places = [place!, ...others.filter((one) => String(one.devices) !== String(place!.devices))];
    for (const one of places) {
      if (!isFreeOfLimit(fleet, job, one) && openAgainAt(fleet, one) > now.stamp) continue;
      const found = this.planAt(one);
      if (found) return found;
    }
    return undefined;
  }

  private planAt(place: Place): EvictionPlan | undefined {
    const { fleet, ledger } = this;
    const { job, start, load } = this.forecast;
    const victims = victimsAt(fleet, this.isVictim, place, ledger);
    const inTime = victims.filter((one) => this.freedBy(one) <= Math.max(start.at, this.soonestFree(place)));
    const plan =
      planFor(fleet, ledger, place, job.want!, inTime) ?? planFor(fleet, ledger, place, job.want!, victims);
    const isLate =
      plan && Math.max(...plan.victims.map((one) => this.freedBy(one))) + load.p90 > job.neededBy;
    return isLate && this.isPromised() ? undefined : plan;
  }

  private isPromised(): boolean {
    return this.forecast.ready.p90 <= this.forecast.job.neededBy && this.forecast.job.neededBy < Infinity;
  }

  private isTellable(one: Ready): boolean {
    const { fleet, now } = this;
    return tellableFrom(new ReadyCopy(fleet, one, now), this.forecast.job) <= now.stamp;
  }

  private freedBy({ replicas }: Victim): Instant {
    const ends = replicas.map(
      (one) =>
        Math.max(this.now.stamp, one.inUseUntil) + unloadForecast(this.fleet.servers.get(one.server)).p50,
    );
    return Math.max(...ends);
  }

  private soonestFree({ server }: Place): Instant {
    return this.now.stamp + unloadForecast(server).p50;
  }
}

/** A reading of use that is older is read again before anything is drained for memory. */
const FRESH: Millis = 500;

/** Whether the use of these copies was read since the want arose and a short time ago. If not, asks for it. */
function isFreshlyRead(fleet: Fleet, victims: readonly Ready[], want: Want, now: Now): boolean {
  const left = new Set(victims.map(({ server }) => fleet.servers.get(server)!));
  const stale = [...left].filter((one) => !isFresh(one, want, now));
  for (const one of stale) one.statisticsWanted = Math.max(one.statisticsWanted ?? 0, now.stamp);
  return stale.length === 0;
}

const isFresh = ({ statisticsAt, lookTook }: Server, want: Want, now: Now): boolean =>
  statisticsAt !== null &&
  statisticsAt >= want.since &&
  now.stamp - statisticsAt <= Math.max(FRESH, 2 * lookTook);

/** Every second job of a device at most goes for having starved. */
function noteStarved(fleet: Fleet, isStarving: boolean, place: NonNullable<JobForecast['place']>): void {
  for (const account of evictionDevices(place)) {
    if (isStarving) fleet.starvedLast.add(account);
    else fleet.starvedLast.delete(account);
  }
}

/** A copy is to come back with more devices: it leaves at once where these have room now. */
function orderAnew(fleet: Fleet, place: Place, copy: Ready, cause: LoadCause, now: Now): void {
  const { devices, bookings } = place;
  const { id, model, server } = copy;
  fleet.reloads.set(id, { model, server, cause, devices, bookings, leftAt: null, config: null });
  const why = retirement(fleet, copy, now);
  if (why) letGo(fleet, copy, why, now);
}

/** Promises a place to a model and to all that it brings along. */
export function promisePlace(
  fleet: Fleet,
  place: Place,
  { model, cause }: { readonly model: Model; readonly cause: LoadCause },
  now: Now,
): void {
  const { server, devices, coLoaded } = place;
  if (BY_ORDER.has(cause)) server.orderedPlaceAt = now.stamp;
  const copy = fleet.replicas.get(replicaId(model.id, server.spec.id));
  if (copy?.phase === 'ready') return orderAnew(fleet, place, copy, cause, now);
  for (const id of [...coLoaded, model.id]) {
    const held = id === model.id ? devices : devicesOfStep(fleet, server, id, devices);
    const where = {
      id: replicaId(id, server.spec.id),
      model: id,
      server: server.spec.id,
      devices: held,
      bookings: bookingsFor(fleet, server, id, held),
      stranger: false,
    };
    const coLoadedBy = id === model.id ? null : carrier(fleet, server, model.id, id);
    put(fleet, becomePlaced(where, { coLoadedBy, cause: id === model.id ? cause : 'brought' }, now));
  }
}
