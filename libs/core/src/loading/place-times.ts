import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Forecast } from '../learned/load-times.js';
import type { Instant } from '../fleet/model.js';
import type { Placed, Ready, Replica } from '../fleet/replica.js';
import { PINNED } from '../demand/rank.js';
import type { Place } from '../room/places.js';
import { devicesSwapped } from '../room/swaps.js';
import { besides } from './memory-pool.js';
import { SOON } from '../learned/closing.js';
import type { Job } from './job.js';
import type { Leaver } from './leavers.js';
import { type JobForecast, type Schedule, startingAt } from './schedule.js';
import type { Start } from './slots.js';
import { worthMoreFrom } from './worth-more.js';
import type { Fleet } from '../fleet/fleet.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import { directDependencies } from '../memory/footprint.js';

/** When one job would begin and be ready at places, by what has to leave there. */
export class PlaceTimes {
  constructor(
    private readonly schedule: Schedule,
    private readonly job: Job,
    private readonly load: Forecast,
  ) {}

  /** When a load could begin there if its memory were free now. */
  startNow(place: Place): Start {
    return this.startAt(place, this.schedule.now);
  }

  /** When a load begins there whose memory is free from a moment on. */
  startAt({ server, devices }: Place, from: Instant): Start {
    return this.schedule.startOn(server, devices, from, this.load);
  }

  /** The forecast at a place for which these leave. */
  at(place: Place, victims: readonly Ready[]): JobForecast {
    const { schedule, job } = this;
    const { now } = schedule;
    const load = schedule.loadOf(job, place);
    if (victims.length === 0) {
      const roomAt = schedule.memory.freeAt(place.bookings);
      const start = this.startAt(place, roomAt);
      const placeAt = this.placeAt(place, start, roomAt);
      return startingAt(job, load, start, { place, placeAt, roomAt: schedule.besideClosing(place, roomAt) });
    }
    const drainable = Math.max(...victims.map((one) => schedule.drainableFrom(one)));
    // What leaves for jobs before it and does not drain yet, or has been promised to others, cannot be promised to it.
    const restAt = schedule.memory.freeAt(besides(place.bookings, victims));
    const promisableAt = schedule.isOnItsWay(place, victims) ? now : Math.max(restAt, now + SOON);
    // Nothing is told to leave a closed device.
    const opens = schedule.memory.opensAt(place.bookings);
    const from = Math.max(drainable, this.mayDrainFrom(place, modelsOf(victims)), promisableAt, opens);
    const freedBy = (at: Instant): Instant => Math.max(...victims.map((one) => schedule.freedBy(one, at)));
    const start = this.startAt(place, Math.max(restAt, freedBy(from)));
    const lead = Math.max(...victims.map((one) => schedule.leadOf(one)));
    const placeAt = Math.max(from, now, start.at - lead);
    const roomAt = Math.max(...victims.map((one) => schedule.emptiedBy(one)));
    return startingAt(job, load, start, { place, victims, isSwap: true, placeAt, roomAt });
  }

  /**
   * What only waits for memory that is on its way has it promised meanwhile; what waits for a slot or for a closed device
   * stands in line, and so does what waits for memory that is promised to another as long as it is.
   */
  private placeAt(place: Place, { at }: Start, roomAt: Instant): Instant {
    const { now, memory } = this.schedule;
    const isShut = roomAt > now && memory.opensAt(place.bookings) > now;
    if (isShut || !this.schedule.isOnItsWay(place, [])) return Math.max(at, now + SOON);
    return at > roomAt ? at : now;
  }

  /** From when on these may be told to leave: by the swap budget, and by what they are worth. */
  private mayDrainFrom(place: Place, models: readonly ModelId[]): Instant {
    const { schedule, job } = this;
    if (job.isDue || this.isFree(place)) return this.budgetFrom(place);
    return Math.max(this.budgetFrom(place), worthMoreFrom(schedule, job, models, this.starvesAt(place)));
  }

  /** From when on others may leave for it by the swap budget. */
  budgetFrom(place: Place): Instant {
    return this.isFree(place) ? this.schedule.now : this.schedule.swapAt(place);
  }

  /** Whether neither budget nor worth keeps others from leaving for it: it is pinned, or it starves. */
  private isFree(place: Place): boolean {
    return this.job.rank === PINNED || this.starvesAt(place) <= this.schedule.now;
  }

  /** From when on it starves: of the evictions of a device every second at most goes to what starves. */
  private starvesAt(place: Place): Instant {
    const { starvedLast } = this.schedule.fleet;
    return devicesSwapped(place).some((one) => starvedLast.has(one)) ? Infinity : this.job.starvesAt;
  }

  /** What leaves by itself, or is not there yet, is waited for: until then no copy is told to leave. */
  later(place: Place, leavers: readonly Leaver[]): JobForecast {
    const { schedule, job } = this;
    const load = schedule.loadOf(job, place);
    const emptied = Math.max(...leavers.map(({ emptiedAt }) => emptiedAt));
    const told = leavers.flatMap((one) => one.told);
    const opens = schedule.memory.opensAt(place.bookings);
    const drainFrom = told.length > 0 ? Math.max(opens, this.mayDrainFrom(place, told)) : schedule.now;
    const lead = Math.max(
      0,
      ...told.map((model) => schedule.leadOf({ model, server: place.server.spec.id })),
    );
    const last = leavers.at(-1)!;
    const start = this.startAt(
      place,
      Math.max(last.at, opens, drainFrom > schedule.now ? drainFrom + lead : 0),
    );
    const waitsFor = leavers.filter(({ victim }) => victim === null).map(({ emptiedAt }) => emptiedAt);
    const placeAt = Math.max(schedule.now + SOON, drainFrom, ...waitsFor);
    const begins = { ...start, variance: Math.max(start.variance, last.variance) };
    const isSwap = told.length > 0;
    return startingAt(job, load, begins, { place, frees: leavers, isSwap, placeAt, roomAt: emptied });
  }
}

const modelsOf = (replicas: readonly Ready[]): readonly ModelId[] => replicas.map(({ model }) => model);

/** What has its place waits for what leaves there, for what it needs, and for a slot. */
export function proposePlaced(schedule: Schedule, job: Job, replica: Placed): JobForecast {
  const { fleet, now } = schedule;
  const server = fleet.servers.get(replica.server)!;
  const load = loadForecast(fleet, replica.model, replica.server);
  const { bookings } = replica;
  const roomAt = schedule.memory.freeAt(bookings);
  const from = Math.max(roomAt, now + needsOf(fleet, replica, now));
  const start = schedule.startOn(server, replica.devices, from, load);
  return startingAt(job, load, start, { placeAt: now, roomAt: schedule.besideClosing({ bookings }, roomAt) });
}

/** How long what it needs and is loaded by an order of its own should take yet. */
function needsOf(fleet: Readonly<Fleet>, { id, model, server }: Placed, now: Instant): number {
  let needs = 0;
  for (const needed of directDependencies(fleet, model)) {
    const other: Replica | undefined = fleet.replicas.get(replicaId(needed, server));
    const isCarriedAlong = other?.phase === 'placed' && other.carriedBy === id;
    if (other && other.phase !== 'ready' && !isCarriedAlong)
      needs = Math.max(needs, restOfLoad(fleet, other, now).p50);
  }
  return needs;
}
