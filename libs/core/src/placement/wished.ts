import type { Fleet } from '../fleet/fleet.js';
import { worthOf } from '../learned/worth.js';
import type { Instant } from '../fleet/model.js';
import type { Line } from '../loading/line.js';
import type { JobForecast } from '../loading/schedule.js';
import type { Want } from '../demand/wants.js';

/** So many wishes are looked at in a turn: a storm of refused requests leaves hundreds. */
const MOST_WISHES = 8;

/**
 * A free slot without a job takes the worthiest wish for which a place is in sight: a model for which no request waits. Its
 * forecast says when it can begin.
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
    .map((want) => ({ want, worth: worthOf(fleet, want.model.id, now) }))
    .sort((one, other) => other.worth - one.worth)
    .slice(0, MOST_WISHES);
  for (const { want } of worthiest) {
    const forecast = line.propose(line.jobs.of(want));
    if (forecast.placeAt < Infinity) return forecast;
  }
  return undefined;
}
