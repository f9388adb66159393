import type { ServerId } from '../fleet/ids.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Instant } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import type { Want } from '../demand/wants.js';
import { bestFit } from '../room/best-fit.js';
import { bestPlan } from '../room/best-plan.js';
import { type EvictionPlan, planFor } from '../room/plan-victims.js';
import type { Place, Site } from '../room/places.js';
import { crowding } from '../room/spread.js';
import { neededAt, replicasIn, shortfall, victimTest, type VictimTest } from '../room/victims.js';
import { firstEnough, leaversAt } from './leavers.js';
import type { Job } from './job.js';
import { PlaceTimes, proposePlaced } from './place-times.js';
import { type JobForecast, nowhere, type Schedule } from './schedule.js';

/**
 * Where a job goes, which copies leave for it, and when: behind the jobs that the schedule has already. It decides for the
 * turn, for admission, for explain and for plans alike, and changes nothing.
 */
export function propose(schedule: Schedule, job: Job): JobForecast {
  if (job.placed) return proposePlaced(schedule, job, job.placed);
  return found(schedule, job, job.want!);
}

/**
 * With free memory where that is in time, or in time for a drain: what it is to be rid of is warm meanwhile. Else where
 * others leave, else as soon as may be.
 */
function found(schedule: Schedule, job: Job, want: Want): JobForecast {
  const search = new Search(schedule, job, want, schedule.sites.for(want));
  const fit = search.fit();
  if (fit && (search.isInTime(fit) || fit.ready.p90 <= job.warmUntil)) return fit;
  return readySooner(fit, search.cheapest() ?? search.soonest()) ?? search.nothing();
}

const readySooner = (
  one: JobForecast | undefined,
  other: JobForecast | undefined,
): JobForecast | undefined => (!one || (other && other.ready.p50 < one.ready.p50) ? other : one);

/** So many busy servers are looked at: in a large fleet the best of those is about as good as the best of all. */
const MOST_BUSY = 32;

/** When a load at a place would have ended, and which of the places that is. */
interface ReadyBy {
  readonly by: Instant;
  readonly nth: number;
}

const bySoonest = (one: ReadyBy, other: ReadyBy): number => one.by - other.by || one.nth - other.nth;

/** The search for the place of one job. */
class Search {
  /** A load that begins later is too late for the promise; the first free slot where nothing is promised. */
  private readonly latest: Instant;
  private readonly isVictim: VictimTest;
  private readonly times: PlaceTimes;
  private readonly all: readonly Site[];
  /** Whether it can be told of all devices when they are open. */
  private readonly isTold: boolean;

  constructor(
    private readonly schedule: Schedule,
    private readonly job: Job,
    private readonly want: Want,
    sites: readonly Site[],
  ) {
    const { fleet, now, ledger, untold } = schedule;
    const isTold = ({ bookings }: Place): boolean =>
      !bookings.some(({ account, bytes }) => bytes > 0 && untold.has(account)) || ledger.fitsFree(bookings);
    this.all = untold.size === 0 ? sites : sites.map((site) => site.where(isTold));
    this.isTold = untold.size === 0 || sites.every(({ places }) => places.every(isTold));
    const load = loadForecast(fleet, job.model, null);
    this.times = new PlaceTimes(schedule, job, load);
    this.isVictim = victimTest(fleet, want, now, schedule.awaited);
    this.latest = job.neededBy < Infinity ? job.neededBy - load.p90 : this.firstSlot();
  }

  /** Where no server can be asked there is no telling when there is room; else it never comes. */
  nothing(): JobForecast {
    const { schedule, job } = this;
    const isFull = this.isTold && this.all.some(({ places }) => places.length > 0);
    return nowhere(job, loadForecast(schedule.fleet, job.model, null), isFull ? Infinity : schedule.now);
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
      isLeft: (server) => schedule.isLeft(server),
    });
    return place && this.times.at(place, []);
  }

  /** 0 where the load is in time and begins at once, 1 where it is in time, else when it begins. */
  private delayAt(place: Place): number {
    const { schedule, job } = this;
    const { at } = this.times.startAt(place, schedule.memory.freeAt(place.bookings));
    const latest = job.neededBy < Infinity ? job.neededBy - schedule.loadOf(job, place).p90 : this.latest;
    if (at > latest) return at;
    return at <= schedule.now ? 0 : 1;
  }

  /** In time, and where the copies that leave for it are worth least. */
  cheapest(): JobForecast | undefined {
    const { schedule, want } = this;
    const sites = this.sitesInTime();
    const isVictim = this.leavingBy((server) => this.latestOn(server));
    const plan = bestPlan(schedule.fleet, schedule.ledger, sites, want, isVictim);
    const found = plan && this.planned(plan);
    return found && this.isInTime(found) ? found : undefined;
  }

  /** Where enough copies have left soonest. */
  soonest(): JobForecast | undefined {
    const places = this.sitesBySlot().flatMap((site) => site.places.filter(this.isFull));
    const prospects = places
      .map((place, nth) => ({ place, nth, by: this.readyAtEarliest(place) }))
      .filter(({ by }) => by < Infinity)
      .sort(bySoonest);
    let best: (ReadyBy & { readonly found: JobForecast }) | undefined;
    for (const { place, nth, by: earliest } of prospects) {
      if (best && earliest > best.by) break;
      const found = this.soonestAt(place);
      if (!found) continue;
      const one = { found, nth, by: found.ready.p50 };
      if (!best || bySoonest(one, best) < 0) best = one;
    }
    return best?.found;
  }

  /** It cannot be ready any earlier at a place, whichever copies leave. */
  private readyAtEarliest(place: Place): Instant {
    const { schedule, job, times } = this;
    const roomAt = schedule.earliestRoom.at(place);
    const { at } = roomAt > schedule.now ? times.startAt(place, roomAt) : times.startNow(place);
    return at + schedule.loadOf(job, place).p50;
  }

  /** The first to have left that are enough; where all of these can be drained, the least valuable that are gone by then. */
  private soonestAt(place: Place): JobForecast | undefined {
    const { fleet, ledger } = this.schedule;
    const leavers = leaversAt(
      this.schedule,
      place,
      this.want,
      this.leavingBy(() => Infinity),
      this.times.budgetFrom(place),
    );
    const needed = neededAt(fleet, place, this.want);
    const first = firstEnough(leavers, shortfall(ledger, place.bookings), needed);
    if (!first) return undefined;
    if (first.some(({ victim }) => victim === null)) return this.times.later(place, first);
    // Of two copies that have left by then only one may go, if one is to stay: then more have to leave.
    for (const { at } of leavers.slice(leavers.indexOf(first.at(-1)!))) {
      const early = leavers.flatMap((one) => (one.victim && one.at <= at ? [one.victim] : []));
      const plan = planFor(fleet, ledger, place, this.want, early);
      if (plan) return this.planned(plan);
    }
    return undefined;
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
    const { schedule } = this;
    const at = (site: Site): Instant =>
      Math.min(...site.places.map((place) => this.times.startNow(place).at), Infinity);
    const idle = this.all.filter(({ server }) => schedule.isQuiet(server));
    const others = this.all
      .filter(({ server }) => !schedule.isQuiet(server))
      .map((site) => ({ site, at: at(site) }));
    others.sort((one, other) => one.at - other.at);
    return [...idle.slice(0, MOST_BUSY), ...others.slice(0, MOST_BUSY).map(({ site }) => site)];
  }

  private isFull = ({ bookings }: Place): boolean => !this.schedule.ledger.fitsSpare(bookings);

  private sitesInTime(): readonly Site[] {
    return this.all.map((site) =>
      site.where(
        (place) =>
          this.isFull(place) &&
          this.times.budgetFrom(place) <= this.latest &&
          this.times.startNow(place).at <= this.latest,
      ),
    );
  }

  private firstSlot(): Instant {
    const { schedule } = this;
    let first = Infinity;
    for (const { places } of this.all)
      for (const place of places) {
        first = Math.min(first, this.times.startNow(place).at);
        if (first <= schedule.now) return first;
      }
    return first;
  }

  private planned({ place, victims }: EvictionPlan): JobForecast {
    return this.times.at(place, [...replicasIn(victims)]);
  }
}
