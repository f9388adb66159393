import { worthOf, worthOfWaiting } from '../learned/worth.js';
import type { Instant } from '../fleet/model.js';
import { rankOf } from '../demand/rank.js';
import type { ModelId } from '../fleet/ids.js';
import type { Job } from './job.js';
import type { Schedule } from './schedule.js';
import { TIME_CONSTANT } from '../numbers/decaying-sum.js';

/**
 * The moment at which a job is worth more than copies of these models: its requests weigh more as they wait longer.
 * Copies of a lower class leave at once. Infinite where no request waits and it is worth less.
 * It is `starvesAt` at the latest.
 */
export function worthMoreFrom(
  { fleet, now }: Schedule,
  job: Job,
  models: readonly ModelId[],
  starvesAt: Instant,
): Instant {
  const lasting = models.filter((id) => rankOf((fleet.models.get(id) ?? fleet.defaults).class) >= job.rank);
  const lostAt = (at: Instant): number =>
    lasting.reduce(
      (sum, id) => sum + worthOf(fleet, id, at) / Math.max(1, fleet.holders.get(id)?.size ?? 0),
      0,
    );
  const { count, since } = job.waiting;
  const isWorthMore = (at: Instant): boolean =>
    lostAt(at) - worthOf(fleet, job.model, at) < worthOfWaiting(count, count > 0 ? at - since : 0);
  const lost = lostAt(now);
  if (lost === 0 || isWorthMore(now)) return now;
  // What would be lost fades if no request comes: by then it is no more than the requests that wait.
  const by = count > 0 ? now + TIME_CONSTANT * Math.max(0, Math.log(lost / count)) : Infinity;
  return Math.min(by < Infinity ? crossing(isWorthMore, now, by) : by, Math.max(now, starvesAt));
}

/** The first moment at which it is worth more. */
function crossing(isWorthMore: (at: Instant) => boolean, from: Instant, until: Instant): Instant {
  while (until - from > 0.5) {
    const at = (from + until) / 2;
    if (isWorthMore(at)) until = at;
    else from = at;
  }
  return until;
}
