import { worthOf, worthOfWaiting } from '../learned/worth.js';
import { ASKS_FADE_OVER } from '../learned/demand.js';
import type { Instant, Millis } from '../fleet/model.js';
import { rankOf } from '../demand/rank.js';
import type { ModelId } from '../fleet/ids.js';
import type { Job } from './job.js';
import type { Schedule } from './schedule.js';

/**
 * The moment at which a job is worth more than copies of these models: its requests add a second of waiting for each second.
 * Copies of a lower class leave at once. Infinite where no request waits and it is worth less.
 * It is `starvesAt` at the latest.
 */
export function worthMoreFrom(
  { fleet, now }: Schedule,
  job: Job,
  models: readonly ModelId[],
  starvesAt: Instant,
): Instant {
  let lost = 0;
  for (const id of models) {
    if (rankOf((fleet.models.get(id) ?? fleet.defaults).class) < job.rank) continue;
    lost += worthOf(fleet, id, now) / Math.max(1, fleet.holders.get(id)?.size ?? 0);
  }
  const { count, waited } = job.waiting;
  const lead = lost - worthOf(fleet, job.model, now);
  if (lead < worthOfWaiting(waited) || lost === 0) return now;
  return Math.min(now + crossing(lead, waited, count), Math.max(now, starvesAt));
}

/** When waiting makes up for a lead that fades: both models are asked for less and less if no request comes. */
function crossing(lead: number, waited: Millis, count: number): Millis {
  if (count === 0) return Infinity;
  let [from, until] = [0, (lead * 1_000) / count];
  while (until - from > 0.5) {
    const at = (from + until) / 2;
    const isAbove = lead * Math.exp(-at / ASKS_FADE_OVER) > worthOfWaiting(waited + count * at);
    if (isAbove) from = at;
    else until = at;
  }
  return until;
}
