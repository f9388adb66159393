import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ReplicaId, ServerId } from '../fleet/ids.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import { directDependencies } from '../memory/footprint.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Placed, Ready, Replica } from '../fleet/replica.js';
import { PINNED } from '../demand/rank.js';
import type { Want } from '../demand/wants.js';
import { replicaId } from '../fleet/ids.js';
import { bestFit } from '../room/best-fit.js';
import { bestPlan } from '../room/best-plan.js';
import { type EvictionPlan, planFor } from '../room/plan-victims.js';
import { planRead } from '../room/reading.js';
import type { Place } from '../room/places.js';
import type { Site } from '../room/sites.js';
import { sitesFor } from '../room/sites-for.js';
import { crowding } from '../room/spread.js';
import { devicesSwapped } from '../room/swaps.js';
import { neededAt, replicasIn, shortfall, victimTest, type VictimTest } from '../room/victims.js';
import { type Leaver, leaversAt } from './leavers.js';
import { moveFor, searchIn } from './movable.js';
import { forecastMove } from './forecast-move.js';
import type { Job } from './job.js';
import { type JobForecast, readyAfter, type Schedule } from './schedule.js';
import { devicesToCome } from './slots.js';
import { worthMoreFrom } from './worth-more.js';

/**
 * Where a job goes, which copies leave for it, and when: behind the jobs that the schedule has already. It decides for the
 * turn, for admission, for explain and for plans alike, and changes nothing.
 */
export function propose(schedule: Schedule, job: Job): JobForecast {
  if (job.placed) return proposePlaced(schedule, job, job.placed);
  const want = job.want!;
  const under = forecastMove(schedule, job);
  if (under) return under;
  const sites = sitesFor(schedule.fleet, want, schedule.open, schedule.now);
  const search = new Search(schedule, job, want, sites);
  const fit = search.fit();
  if (fit && search.isInTime(fit)) return fit;
  const eviction = search.cheapest() ?? search.soonest();
  const best = sooner(fit, eviction);
  if (best && search.isInTime(best)) return best;
  return (
    search.move(best) ??
    best ??
    nowhere(job, loadForecast(schedule.fleet, job.model, null), search.hasPlaces() ? Infinity : schedule.now)
  );
}

const sooner = (one: JobForecast | undefined, other: JobForecast | undefined): JobForecast | undefined =>
  !one || (other && other.ready.p50 < one.ready.p50) ? other : one;

const NEVER: Forecast = { p50: Infinity, p90: Infinity };

const nowhere = (job: Job, load: Forecast, roomAt: Instant): JobForecast => ({
  job,
  place: null,
  victims: [],
  move: null,
  placeAt: Infinity,
  start: { at: Infinity, variance: 0 },
  load,
  ready: NEVER,
  roomAt,
});

/** What has its place waits for what leaves there, for what it needs, and for a slot. */
function proposePlaced(schedule: Schedule, job: Job, replica: Placed | Ready): JobForecast {
  const { fleet, now } = schedule;
  const server = fleet.servers.get(replica.server)!;
  const load = loadForecast(fleet, replica.model, replica.server);
  const bookings = replica.phase === 'placed' ? replica.bookings : replica.change!.bookings;
  const roomAt = schedule.memory.take(bookings);
  const from = Math.max(roomAt, replica.phase === 'placed' ? now + needsOf(fleet, replica, now) : now);
  const start =
    from === Infinity
      ? { at: from, variance: 0 }
      : schedule.slotsOf(server).earliest(devicesToCome(replica), from, load);
  return { ...nowhere(job, load, roomAt), placeAt: now, start, ready: readyAfter(start, load) };
}

/** The first of these that together make up for a shortfall; undefined where all do not. */
function firstEnough(
  leavers: readonly Leaver[],
  shortfalls: ReadonlyMap<AccountId, Bytes>,
  needed: ReadonlySet<ReplicaId>,
): readonly Leaver[] | undefined {
  const short = new Map(shortfalls);
  const found: Leaver[] = [];
  for (const leaver of leavers) {
    if (leaver.victim?.replicas.some(({ id }) => needed.has(id))) continue;
    const useful = leaver.bookings.filter(({ account, bytes }) => bytes > 0 && short.has(account));
    if (useful.length === 0) continue;
    found.push(leaver);
    for (const { account, bytes } of useful) {
      const missing = (short.get(account) ?? 0) - bytes;
      if (missing > 0) short.set(account, missing);
      else short.delete(account);
    }
    if (short.size === 0) return found;
  }
  return undefined;
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

/** So many busy servers are looked at: in a large fleet the best of those is about as good as the best of all. */
const MOST_BUSY = 32;

/** The search for the place of one job. */
class Search {
  /** A load that begins later is too late for the promise; the first free slot where nothing is promised. */
  private readonly latest: Instant;
  private readonly isVictim: VictimTest;
  private readonly load: Forecast;

  constructor(
    private readonly schedule: Schedule,
    private readonly job: Job,
    private readonly want: Want,
    private readonly all: readonly Site[],
  ) {
    const { fleet, now } = schedule;
    this.load = loadForecast(fleet, job.model, null);
    this.isVictim = victimTest(fleet, want, now);
    this.latest = job.neededBy < Infinity ? job.neededBy - this.load.p90 : this.firstSlot();
  }

  hasPlaces(): boolean {
    return this.all.some(({ places }) => places.length > 0);
  }

  isInTime({ place, start, ready, job }: JobForecast): boolean {
    return job.neededBy < Infinity
      ? ready.p90 <= job.neededBy
      : start.at <= this.latestOn(place!.server.spec.id);
  }

  /** The best place with room: one in time before others, then the best fit, or where it begins soonest. */
  fit(): JobForecast | undefined {
    const { schedule, want } = this;
    const place = bestFit(schedule.fleet, schedule.ledger, this.all, want.model, {
      crowdOn: crowding(schedule.fleet, want.model, schedule.now),
      delayAt: (one) => this.delayAt(one),
    });
    return place && this.at(place, []);
  }

  /** 0 where the load begins at once, 1 where it is in time, else when it begins. */
  private delayAt(place: Place): number {
    const { at } = this.startAt(place, this.schedule.memory.freeAt(place.bookings));
    if (at <= this.schedule.now) return 0;
    return at <= this.latest ? 1 : at;
  }

  /** In time, and where the copies that leave for it are worth least. */
  cheapest(): JobForecast | undefined {
    const { schedule, want } = this;
    const sites = this.sitesInTime();
    const isVictim = this.leavingBy((server) => this.latestOn(server));
    const read = planRead(schedule.fleet, schedule.ledger, sites, want, isVictim);
    const plan =
      read === 'asking' || read === undefined
        ? bestPlan(schedule.fleet, schedule.ledger, sites, want, isVictim)
        : read;
    const found = plan && this.planned(plan);
    return found && this.isInTime(found) ? found : undefined;
  }

  /** Where enough copies have left soonest. */
  soonest(): JobForecast | undefined {
    let best: JobForecast | undefined;
    for (const place of this.sitesBySlot().flatMap(({ places }) => places.filter(this.isFull))) {
      const found = this.soonestAt(place);
      if (found && (!best || found.ready.p50 < best.ready.p50)) best = found;
    }
    return best;
  }

  /** The first to have left that are enough; where all of these can be drained, the least valuable that are gone by then. */
  private soonestAt(place: Place): JobForecast | undefined {
    const { fleet, ledger } = this.schedule;
    const leavers = leaversAt(
      this.schedule,
      place,
      this.want,
      this.leavingBy(() => Infinity),
      this.budgetFrom(place),
    );
    const needed = neededAt(fleet, place, this.want);
    const first = firstEnough(leavers, shortfall(ledger, place.bookings), needed);
    if (!first) return undefined;
    if (first.some(({ victim }) => victim === null)) return this.later(place, first);
    const at = first.at(-1)!.at;
    const early = leavers.flatMap((one) => (one.victim && one.at <= at ? [one.victim] : []));
    const plan = planFor(fleet, ledger, place, this.want, early);
    return plan && this.planned(plan);
  }

  /** What leaves by itself, or is not there yet, is waited for: until then no copy is told to leave. */
  private later(place: Place, leavers: readonly Leaver[]): JobForecast {
    const { schedule, job } = this;
    const load = schedule.loadOf(job, place);
    const emptied = Math.max(...leavers.map(({ emptiedAt }) => emptiedAt));
    const start = this.startAt(place, leavers.at(-1)!.at);
    const waitsFor = leavers.filter(({ victim }) => victim === null).map(({ emptiedAt }) => emptiedAt);
    const placeAt = Math.max(schedule.now + 1, ...waitsFor);
    const shared = { job, place, victims: [], move: null, load, placeAt };
    return { ...shared, start, ready: readyAfter(start, load), roomAt: emptied };
  }

  /** A move, where no eviction is in time and the move is. */
  move(best: JobForecast | undefined): JobForecast | undefined {
    const { schedule, want, job } = this;
    if (best && job.neededBy === Infinity) return undefined;
    const move = moveFor(schedule.fleet, this.all, want, () =>
      searchIn(schedule.fleet, schedule.ledger, schedule.now),
    );
    const found = move && forecastMove(schedule, job, move);
    return found && (job.neededBy === Infinity || this.isInTime(found)) ? found : undefined;
  }

  /** Copies that may leave for it and have left by then, and leave for no job before it. */
  private leavingBy(latest: (server: ServerId) => Instant): VictimTest {
    const { schedule } = this;
    return (one): one is Ready =>
      this.isVictim(one) &&
      !schedule.isLeaving(one) &&
      schedule.freedBy(one, schedule.drainableFrom(one)) <= latest(one.server);
  }

  /** By when memory has to be free on a server; where nothing is promised, an unload that begins by the first free slot is in time. */
  private latestOn(server: ServerId): Instant {
    return this.job.neededBy < Infinity ? this.latest : this.latest + this.schedule.unloadTime(server);
  }

  /** The servers that nothing comes to or leaves, and of the others those with the first free slots. */
  private sitesBySlot(): readonly Site[] {
    const { fleet, now } = this.schedule;
    const busy = new Set<ServerId>(Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!.server));
    const at = (site: Site): Instant =>
      Math.min(...site.places.map((place) => this.startAt(place, now).at), Infinity);
    const idle = this.all.filter(
      ({ server }) => !busy.has(server.spec.id) && !this.schedule.hasLoads(server),
    );
    const others = this.all.filter((site) => !idle.includes(site)).map((site) => ({ site, at: at(site) }));
    others.sort((one, other) => one.at - other.at);
    return [...idle.slice(0, MOST_BUSY), ...others.slice(0, MOST_BUSY).map(({ site }) => site)];
  }

  private isFull = ({ bookings }: Place): boolean => !this.schedule.ledger.fitsSpare(bookings);

  private sitesInTime(): readonly Site[] {
    const { now } = this.schedule;
    return this.all.map((site) =>
      site.where(
        (place) =>
          this.isFull(place) &&
          this.schedule.swapAt(place) <= this.latest &&
          this.startAt(place, now).at <= this.latest,
      ),
    );
  }

  private firstSlot(): Instant {
    const { schedule } = this;
    let first = Infinity;
    for (const { places } of this.all)
      for (const place of places) {
        first = Math.min(first, this.startAt(place, schedule.now).at);
        if (first <= schedule.now) return first;
      }
    return first;
  }

  private startAt(place: Place, from: Instant) {
    if (from === Infinity) return { at: from, variance: 0 };
    return this.schedule.slotsOf(place.server).earliest(place.devices, from, this.load);
  }

  private planned({ place, victims }: EvictionPlan): JobForecast {
    return this.at(place, [...replicasIn(victims)]);
  }

  /** The forecast at a place for which these leave. */
  private at(place: Place, victims: readonly Ready[]): JobForecast {
    const { schedule, job } = this;
    const { now } = schedule;
    const load = schedule.loadOf(job, place);
    const shared = { job, place, victims, move: null, load };
    if (victims.length === 0) {
      const roomAt = schedule.memory.freeAt(place.bookings);
      const start = this.startAt(place, roomAt);
      // What only waits for memory that is on its way has it promised meanwhile; what waits for a slot stands in line.
      const placeAt = start.at > roomAt ? start.at : now;
      return { ...shared, placeAt, start, ready: readyAfter(start, load), roomAt };
    }
    const drainable = Math.max(...victims.map((one) => schedule.drainableFrom(one)));
    const from = Math.max(drainable, this.mayDrainFrom(place, victims));
    const freedBy = (at: Instant): Instant => Math.max(...victims.map((one) => schedule.freedBy(one, at)));
    const start = this.startAt(place, freedBy(from));
    const lead = Math.max(...victims.map((one) => schedule.leadOf(one)));
    const placeAt = Math.max(from, now, start.at - lead);
    return {
      ...shared,
      placeAt,
      start,
      ready: readyAfter(start, load),
      roomAt: Math.max(...victims.map((one) => schedule.emptiedBy(one))),
    };
  }

  /** From when on these may be told to leave: by the swap budget, and by what they are worth. */
  private mayDrainFrom(place: Place, victims: readonly Ready[]): Instant {
    const { schedule, job } = this;
    if (job.isDue || this.isFree(place)) return this.budgetFrom(place);
    return Math.max(this.budgetFrom(place), worthMoreFrom(schedule, job, this.want, victims));
  }

  /** From when on others may leave for it by the swap budget. */
  private budgetFrom(place: Place): Instant {
    return this.isFree(place) ? this.schedule.now : this.schedule.swapAt(place);
  }

  /** Whether neither budget nor worth keeps others from leaving for it: it is pinned, or it starves. */
  private isFree(place: Place): boolean {
    const { schedule, job } = this;
    if (job.rank === PINNED) return true;
    return job.isStarving && !devicesSwapped(place).some((one) => schedule.fleet.starvedLast.has(one));
  }
}
