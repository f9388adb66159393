import type { Fleet } from '../fleet/fleet.js';
import { worthOf } from '../learned/worth.js';
import type { Instant } from '../fleet/model.js';
import type { Line } from '../loading/line.js';
import type { JobForecast } from '../loading/schedule.js';
import type { Want } from '../demand/wants.js';

/** So many wishes are looked at in a turn: a storm of refused requests leaves hundreds. */
const MOST_WISHES = 8;

/** A wish ends no lease and no residency, unless it starves. */
export const mayTakePlace = ({ job, roomAt }: JobForecast, now: Instant): boolean =>
  roomAt <= now || job.isStarving;

/**
 * A free slot without a job takes the worthiest wish that can get its place now, and one that starves before others. Where
 * none can, it is the worthiest for which a place is in sight. Its forecast says when it can begin.
 */
export function worthiestWish(
  fleet: Fleet,
  line: Line,
  wants: readonly Want[],
  now: Instant,
): JobForecast | undefined {
  const wished = wants.filter(({ model }) => fleet.wishes.has(model.id) && !line.of(model.id));
  if (wished.length === 0 || !line.isAnySlotFree()) return undefined;
  const worthiest = wished
    .map((want) => ({ job: line.jobs.of(want), worth: worthOf(fleet, want.model.id, now) }))
    .sort(
      (one, other) => Number(other.job.isStarving) - Number(one.job.isStarving) || other.worth - one.worth,
    )
    .slice(0, MOST_WISHES);
  let inSight: JobForecast | undefined;
  for (const { job } of worthiest) {
    const forecast = line.propose(job);
    if (forecast.placeAt <= now && mayTakePlace(forecast, now)) return forecast;
    if (forecast.placeAt < Infinity) inSight ??= forecast;
  }
  return inSight;
}
