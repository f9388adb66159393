import type { Now } from '../numbers/now.js';
import { type Fleet, forget } from '../fleet/fleet.js';
import { Ledger, sumOf } from '../memory/ledger.js';
import type { Line } from '../loading/line.js';
import { type JobForecast, readyAfter } from '../loading/schedule.js';
import { SitesBesidePins } from '../room/fit-pins.js';
import { type Place, placesAmong, type Site } from '../room/places.js';
import { shortfall } from '../room/victims.js';

/**
 * Takes their places from jobs of a server whose loads have not begun, where one of a higher class stands in line that cannot
 * begin now and could have the memory. They go back into the line. Says whether there were any.
 */
export function preemptPlaces(fleet: Fleet, line: Line, now: Now): boolean {
  const preemption = new Preemption(fleet, line, now);
  for (const higher of line.all) {
    if (higher.job.placed || higher.job.waiting.count === 0 || higher.start.at <= now.stamp) continue;
    const lower = preemption.allTo(higher);
    for (const { job } of lower) forget(fleet, job.placed!);
    if (lower.length > 0) return true;
  }
  return false;
}

/** The placed jobs of the line that may be preempted: none that got its place at this instant. */
export class Preemption {
  private readonly placed: readonly JobForecast[];
  private readonly ledger: Ledger;

  constructor(
    private readonly fleet: Fleet,
    private readonly line: Line,
    private readonly now: Now,
  ) {
    this.ledger = new Ledger(fleet, now);
    // What ensembles bring along has its place with others.
    const isAny = fleet.composed.size === 0;
    this.placed = line.all.filter(
      ({ job }) => isAny && job.placed !== null && job.placed.since < now.stamp && !job.isOrdered,
    );
  }

  /** The forecast of a job of a higher class once it has preempted others; undefined where it can preempt none. */
  forecastOf(higher: JobForecast): JobForecast | undefined {
    const lower = this.allTo(higher).toSorted((one, other) => other.start.at - one.start.at);
    const [last] = lower;
    if (!last) return undefined;
    const place = placeLeft(this.ledger, lower, this.sitesFor(higher))!;
    const { start } = last;
    const ready = readyAfter(start, start.at, higher.load);
    return { ...higher, place, leaving: [], placeAt: this.now.stamp, start, ready };
  }

  /** The first of them that a job of a higher class preempts, else all of a server together; none where that does not help. */
  allTo(higher: JobForecast): readonly JobForecast[] {
    const lower = this.placed.filter(
      ({ job, start }) => job.band > higher.job.band && start.at < higher.start.at,
    );
    if (lower.length === 0) return [];
    const sites = this.sitesFor(higher);
    const besideIt = ({ job }: JobForecast): JobForecast[] =>
      lower.filter((other) => other.job.placed!.server === job.placed!.server);
    const sets = [...lower.map((one) => [one]), ...lower.map(besideIt)];
    return sets.find((some) => placeLeft(this.ledger, some, sites)) ?? [];
  }

  private sitesFor({ job }: JobForecast): Site[] {
    return new SitesBesidePins(this.fleet, this.line.open, this.now).for(job.want!);
  }
}

/** Where the memory of placed jobs of one server is all that another job lacks. */
function placeLeft(ledger: Ledger, jobs: readonly JobForecast[], sites: readonly Site[]): Place | undefined {
  const placed = jobs.map(({ job }) => job.placed!);
  const holds = new Map(
    sumOf(placed.map(({ bookings }) => bookings)).map(({ account, bytes }) => [account, bytes]),
  );
  return placesAmong(sites, placed[0]!.server).find((place) =>
    [...shortfall(ledger, place.bookings)].every(([account, bytes]) => bytes <= (holds.get(account) ?? 0)),
  );
}
