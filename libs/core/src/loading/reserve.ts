import type { Now } from '../numbers/now.js';
import type { Want } from '../demand/wants.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { JobInLine } from '../fleet/kept.js';
import { bytesIn } from '../fleet/meter.js';
import type { Instant } from '../fleet/model.js';
import { compareKeys } from '../numbers/compare-keys.js';
import { total } from '../numbers/groups.js';
import { lackIn, slackIn } from '../room/best-fit.js';
import type { Place, Site } from '../room/places.js';
import { copiesAround } from '../room/spread.js';
import { victimTest, type VictimTest } from '../room/victims.js';
import type { Job } from './job.js';
import { PlaceCurve } from './place-curve.js';
import { isRefuted } from './refuted.js';
import { reservePlaced } from './reserve-placed.js';
import { type JobForecast, nextSearch, nowhere, type Schedule } from './schedule.js';

/**
 * What a job reserves behind the jobs that the schedule has already: a place, a slot and a moment. It decides for the turn, for
 * admission, for explain and for plans alike, and changes nothing. A promised job stays where it was last as long as its P50 is
 * in time there: else one that is late by its P90 alone would take the place of another, and both promises would be lost. Any
 * other job looks at other places once a second.
 */
export function reserve(schedule: Schedule, job: Job, home: JobInLine | undefined): JobForecast {
  if (job.placed) return reservePlaced(schedule, job, job.placed);
  const search = new Search(schedule, job, job.want!);
  const known = home && search.atHome(home);
  if (known && mayKeepHome(known, home, schedule.now)) return known;
  return search.best() ?? search.nothing();
}

/** When any place could have room for a job behind those that the schedule has, whatever slots, budgets and worth say. */
export const roomFor = (schedule: Schedule, job: Job): Instant =>
  new Search(schedule, job, job.want!).roomAt();

function mayKeepHome({ job, ready }: JobForecast, home: JobInLine, now: Now): boolean {
  const isYoung = !now.has(nextSearch(home.searchedAt));
  if (job.neededBy === Infinity) return isYoung && home.neededBy === Infinity;
  if (ready.p90 <= job.neededBy) return true;
  const isPromised = home.neededBy <= job.neededBy;
  return isPromised && (ready.p50 <= job.neededBy || (isYoung && home.readyAt.p50 > job.neededBy));
}

/** What one unit of worth that leaves for a job costs, in seconds of waiting: see `worthOf`. */
const WORTH_COUNTS_FOR = 60;

/** Full places that are looked at first, others in each second. */
const MAX_FULL = 32;

interface Candidate {
  readonly curve: PlaceCurve;
  readonly found: JobForecast;
  readonly worth: number;
}

/** The search for the place of one job. */
class Search {
  private readonly sites: readonly Site[];
  private readonly isVictim: VictimTest;
  /** By when its model is needed: by its promises, or where a draining server is rid of it. */
  private readonly by: Instant;

  constructor(
    private readonly schedule: Schedule,
    private readonly job: Job,
    private readonly want: Want,
  ) {
    const { fleet, now, awaited } = schedule;
    this.isVictim = victimTest(fleet, want, now, awaited);
    this.by = !now.has(job.warmUntil) ? job.warmUntil : job.neededBy;
    this.sites = schedule.sites.for(want);
  }

  /** At the place where it was last, else at another of its server; undefined where there is none. */
  atHome({ server, devices, searchedAt }: JobInLine): JobForecast | undefined {
    if (server === null) return undefined;
    const places = this.placesOf(this.sites.filter((site) => site.server.spec.id === server));
    const same = places.filter((one) => String(one.devices) === String(devices));
    const kept = this.choose(same);
    const found = kept && kept.ready.p50 <= this.by ? kept : (this.choose(places) ?? kept);
    return found && { ...found, searchedAt };
  }

  /**
   * Of many places some are looked at first, and all that have the memory free: the best of these is about as good as the best
   * of all. Where none of them is in time all are looked at, and where several copies are lacking: see `candidatesAmong`.
   */
  best(): JobForecast | undefined {
    const { ledger, now } = this.schedule;
    const places = this.placesOf(this.sites);
    const apart = this.want.copies > 1 ? 1 : Math.ceil(places.length / MAX_FULL);
    const turn = Math.floor(now.stamp / 1_000);
    const isLookedAt = (place: Place, nth: number): boolean =>
      (nth + turn) % apart === 0 || ledger.fitsFree(place.bookings);
    const found = apart > 1 ? this.choose(places.filter(isLookedAt)) : undefined;
    return found && found.ready.p90 <= this.by ? found : this.choose(places);
  }

  nothing(): JobForecast {
    const { schedule, job } = this;
    return nowhere(job, loadForecast(schedule.fleet, job.model, null), this.roomAt(), schedule.now.stamp);
  }

  /** Where no server can be asked there is no telling when there is room; else it is the first that any place could have. */
  roomAt(): Instant {
    const all = this.sites.flatMap(({ places }) => places);
    const places = this.placesOf(this.sites);
    const { stamp } = this.schedule.now;
    if (places.length < all.length || places.length === 0) return stamp;
    let at = Infinity;
    for (const place of places) {
      at = Math.min(at, this.curveAt(place).roomAt());
      if (at <= stamp) break;
    }
    return at;
  }

  /** The places of these sites, without those of which there is no telling when their devices open, or that were refuted. */
  private placesOf(sites: readonly Site[]): Place[] {
    const { fleet, now, ledger, unread } = this.schedule;
    const isTold = ({ bookings }: Place): boolean =>
      unread.size === 0 ||
      !bookings.some(({ account, bytes }) => bytes > 0 && unread.has(account)) ||
      ledger.fitsFree(bookings);
    return sites.flatMap(({ server, places }) =>
      isRefuted(fleet, this.job.model, server.spec.id, now) ? [] : places.filter(isTold),
    );
  }

  /**
   * Of the places in time the one of the least cost; where nothing has to leave the best fit comes before. Where none is in time,
   * the first to be ready by the P90.
   */
  private choose(places: readonly Place[]): JobForecast | undefined {
    const all = this.candidatesAmong(places);
    const inTime = all.filter(({ found }) => found.ready.p90 <= this.by);
    const best =
      inTime.length > 0
        ? this.cheapest(inTime)
        : least(all, ({ found }) => [found.ready.p90, found.ready.p50, found.leaving.length]);
    if (!best || best.found.roomAt <= this.schedule.now.stamp) return best?.found;
    return { ...best.found, roomAt: best.curve.roomAt() };
  }

  /** Where several copies are lacking the places with the most devices come before all others. */
  private candidatesAmong(places: readonly Place[]): readonly Candidate[] {
    const sizes = this.want.copies > 1 ? new Set(places.map(({ devices }) => devices.length)) : new Set([0]);
    for (const size of [...sizes].sort((one, other) => other - one)) {
      const some = size === 0 ? places : places.filter(({ devices }) => devices.length === size);
      const found = some.flatMap((place) => this.candidateAt(place) ?? []);
      if (found.length > 0) return found;
    }
    return [];
  }

  private cheapest(candidates: readonly Candidate[]): Candidate {
    const { job, schedule } = this;
    const soonest = Math.min(...candidates.map(({ found }) => found.ready.p50));
    const waiting = !schedule.now.has(job.warmUntil) ? 0 : Math.max(1, job.waiting.count);
    const costOf = ({ found, worth }: Candidate): number =>
      ((found.ready.p50 - soonest) / 1_000) * waiting + worth * WORTH_COUNTS_FOR;
    const fit = this.bestFit(candidates.filter(({ found }) => found.leaving.length === 0));
    const eviction = least(candidates, (one) => [costOf(one), ...harmOf(one)])!;
    return fit && costOf(fit) <= costOf(eviction) ? fit : eviction;
  }

  /**
   * The best of the places where nothing has to leave, by these in turn: a server with a GPU for what needs one; a server that
   * has the fewest of the model's copies around it; the soonest; the best fit.
   */
  private bestFit(candidates: readonly Candidate[]): Candidate | undefined {
    const { schedule, want, sites } = this;
    const { fleet, now, ledger } = schedule;
    const [lacksGpu, copiesNear, slackOf] = [
      lackIn(sites),
      copiesAround(fleet, want.model, now),
      slackIn(fleet, ledger),
    ];
    return least(candidates, ({ found: { place, ready } }) => [
      lacksGpu(place!.server) ? 1 : 0,
      copiesNear(place!.server),
      ready.p50,
      slackOf(place!),
    ]);
  }

  private curveAt(place: Place): PlaceCurve {
    return new PlaceCurve(this.schedule, this.job, this.want, place, this.isVictim);
  }

  private candidateAt(place: Place): Candidate | undefined {
    const { schedule, job } = this;
    const curve = this.curveAt(place);
    const roomAt = curve.freeAt();
    if (roomAt === Infinity) return undefined;
    const load = schedule.loadOf(job, place);
    const start = schedule.startOn(place.server, place.devices, roomAt, load, schedule.isPending(job));
    return { curve, ...curve.reserved(start, load, roomAt) };
  }
}

/** Of places at the same cost: the lowest class leaves, what was used longest ago, the fewest copies, the smallest. */
const harmOf = ({ found: { leaving } }: Candidate): readonly number[] => [
  Math.max(-Infinity, ...leaving.map(({ copy }) => copy.rank)),
  Math.max(-Infinity, ...leaving.map(({ copy }) => copy.lastUse)),
  leaving.length,
  total(leaving, ({ copy }) => bytesIn(copy.bookings)),
];

/** The one with the least key; the first of several. */
function least(
  all: readonly Candidate[],
  keyOf: (one: Candidate) => readonly number[],
): Candidate | undefined {
  let best: { readonly one: Candidate; readonly key: readonly number[] } | undefined;
  for (const one of all) {
    const key = keyOf(one);
    if (!best || compareKeys(key, best.key) < 0) best = { one, key };
  }
  return best?.one;
}
