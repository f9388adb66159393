import { type Fleet, forget, put } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';
import { Ledger } from '../memory/ledger.js';
import type { Instant } from '../fleet/model.js';
import type { Line } from '../loading/line.js';
import type { JobForecast } from '../loading/schedule.js';
import { sitesFor } from '../room/sites-for.js';
import { placesAmong, type Site } from '../room/sites.js';
import { shortfall } from '../room/victims.js';

/**
 * Takes its place from a job whose load has not begun, where one of a higher class stands in line that cannot begin now and
 * could have the memory. The job goes back into the line. Returns its model; none of these yields a second time in a turn.
 */
export function yieldPlaces(
  fleet: Fleet,
  line: Line,
  open: readonly Server[],
  now: Instant,
  yielded: ReadonlySet<ModelId>,
): ModelId | undefined {
  const yielding = new Yielding(fleet, line, open, now);
  for (const higher of line.all) {
    if (higher.job.placed || higher.job.waiting.count === 0 || higher.start.at <= now) continue;
    const replica = yielding.to(higher)?.job.placed;
    if (!replica || yielded.has(replica.model)) continue;
    if (replica.phase === 'placed') forget(fleet, replica);
    else put(fleet, { ...replica, change: null });
    return replica.model;
  }
  return undefined;
}

/** The placed jobs of the line that may have to yield. */
export class Yielding {
  private readonly placed: readonly JobForecast[];
  private readonly ledger: Ledger;

  constructor(
    private readonly fleet: Fleet,
    line: Line,
    private readonly open: readonly Server[],
    private readonly now: Instant,
  ) {
    this.ledger = new Ledger(fleet, now);
    // What ensembles bring along has its place with others.
    const isAny = fleet.composed.size === 0;
    this.placed = line.all.filter(({ job }) => isAny && job.placed !== null && !job.isDue);
  }

  /** The first of them that yields to a job of a higher class; undefined where none does. */
  to(higher: JobForecast): JobForecast | undefined {
    if (this.placed.length === 0) return undefined;
    const sites = sitesFor(this.fleet, higher.job.want!, this.open, this.now);
    return this.placed.find((one) => givesWayTo(this.ledger, one, higher, sites));
  }
}

/** Whether a placed job is of a lower class and would begin sooner, and its memory is all that the other lacks there. */
function givesWayTo(
  ledger: Ledger,
  { job, start }: JobForecast,
  higher: JobForecast,
  sites: readonly Site[],
): boolean {
  if (job.stage <= higher.job.stage || start.at >= higher.start.at) return false;
  const placed = job.placed!;
  const bookings = placed.phase === 'placed' ? placed.bookings : placed.change!.bookings;
  const holds = new Map(bookings.map(({ account, bytes }) => [account, bytes]));
  return placesAmong(sites, placed.server).some((place) =>
    [...shortfall(ledger, place.bookings)].every(([account, bytes]) => bytes <= (holds.get(account) ?? 0)),
  );
}
