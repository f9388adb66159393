import type { Now } from '../numbers/now.js';
import type { Action } from '../fleet/actions.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Server } from '../fleet/server.js';
import { areLoadsStopped, isSettling } from '../fleet/standing.js';
import { type Want, wantsOf } from '../demand/wants.js';
import { Line } from '../loading/line.js';
import { refundOthers } from '../loading/note-line.js';
import type { JobForecast } from '../loading/schedule.js';
import { reservePins } from '../room/fit-pins.js';
import { dropOverdrawn, dropUnwanted } from './place.js';
import { bindDue } from './bind.js';
import { cancelDrains } from './cancel-drains.js';
import { preemptPlaces } from './preempt.js';
import { worthOf } from '../learned/worth.js';

/** The line after its jobs whose time has come got their places, and the best-effort demand that is the next to get one. */
interface Booked {
  readonly line: Line;
  readonly bestEffort?: JobForecast | undefined;
  readonly refused: readonly Action[];
  /** Whether any place was given or given up. */
  readonly isAny: boolean;
}

/** Judges the requests that have come, and gives places to jobs whose time has come, until there is none. */
export function book(
  fleet: Fleet,
  open: readonly Server[],
  now: Now,
  judge: (fleet: Fleet, line: Line, now: Now) => Action[],
): Booked {
  let wants = wantsOf(fleet, now);
  reservePins(fleet, wants);
  let line = new Line(fleet, wants, open, now);
  const before = line.all;
  const refused = judge(fleet, line, now);
  if (areLoadsStopped(fleet) || isSettling(fleet, now)) return { line, refused, isAny: false };
  let isAny = false;
  const lookAgain = (judged?: Line): void => {
    const isAnyDropped = dropUnwanted(fleet, now);
    isAny ||= isAnyDropped;
    wants = wantsOf(fleet, now);
    reservePins(fleet, wants);
    line = new Line(fleet, wants, open, now, isAnyDropped ? undefined : judged);
  };
  // Jobs that join the line and requests that are refused change the parts of tenants, by which the line is ordered.
  if (refused.length > 0 || line.all !== before) lookAgain(line);
  if (isAnyRefunded(fleet, line, now)) lookAgain(line);
  let bestEffort: JobForecast | undefined;
  const placeNext = (): boolean => {
    if (preemptPlaces(fleet, line, now)) return true;
    if (bindDue(fleet, line, line.all, now)) return true;
    bestEffort = worthiestBestEffort(fleet, line, wants, now);
    return (
      bestEffort !== undefined && mayTakePlace(bestEffort, now) && bindDue(fleet, line, [bestEffort], now)
    );
  };
  while (placeNext()) {
    isAny = true;
    // What has left now may be all that let an idle copy go, and a place may count on the memory of that one.
    if (cancelDrains(fleet, now)) dropOverdrawn(fleet, open, now);
    lookAgain();
  }
  return { line, bestEffort, refused, isAny };
}

const isAnyRefunded = (fleet: Fleet, { all }: Line, now: Now): boolean =>
  fleet.charges.size > 0 && refundOthers(fleet, new Set(all.map(({ job }) => job.model)), now);

/** Models with best-effort demand looked at in a turn: a storm of refused requests leaves hundreds. */
const MAX_WISHES = 8;

/** Best-effort demand ends no lease and no residency, unless it starves. */
const mayTakePlace = ({ job, placeAt, roomAt }: JobForecast, now: Now): boolean =>
  placeAt <= now.stamp && (roomAt <= now.stamp || job.isStarving);

/**
 * A free slot without a job takes the worthiest best-effort demand that can get its place now, and one that starves before others. Where
 * none can, it is the worthiest for which a place is in sight. Its forecast says when it can begin.
 */
function worthiestBestEffort(
  fleet: Fleet,
  line: Line,
  wants: readonly Want[],
  now: Now,
): JobForecast | undefined {
  const bestEffort = wants.filter(({ model }) => fleet.bestEffort.has(model.id) && !line.of(model.id));
  if (bestEffort.length === 0 || !line.isAnySlotFree()) return undefined;
  const worthiest = bestEffort
    .map((want) => ({ job: line.jobs.of(want), worth: worthOf(fleet, want.model.id, now) }))
    .sort(
      (one, other) => Number(other.job.isStarving) - Number(one.job.isStarving) || other.worth - one.worth,
    )
    .slice(0, MAX_WISHES);
  let inSight: JobForecast | undefined;
  for (const { job } of worthiest) {
    if (inSight && !job.isStarving && !line.isRoomFor(job)) continue;
    const forecast = line.propose(job);
    if (mayTakePlace(forecast, now)) return forecast;
    if (forecast.placeAt < Infinity) inSight ??= forecast;
  }
  return inSight;
}
