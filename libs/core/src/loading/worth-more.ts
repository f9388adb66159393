import { worthOf, worthOfWaiting } from '../learned/worth.js';
import { ASKS_FADE_OVER } from '../learned/demand.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import { rankOf } from '../demand/rank.js';
import { settingsOf } from '../demand/idle.js';
import type { Want } from '../demand/wants.js';
import type { Job } from './job.js';
import type { Schedule } from './schedule.js';

/**
 * The moment at which a job is worth more than these of its class: its requests add a second of waiting for each second.
 * Copies of a lower class leave at once. Infinite where no request waits and it is worth less.
 */
export function worthMoreFrom(
  { fleet, now }: Schedule,
  job: Job,
  want: Want,
  victims: readonly Ready[],
): Instant {
  let lost = 0;
  for (const one of victims) {
    if (rankOf(settingsOf(fleet, one).class) < job.rank) continue;
    lost += worthOf(fleet, one.model, now) / fleet.holders.get(one.model)!.size;
  }
  const { count, waited } = job.waiting;
  const lead = lost - worthOf(fleet, job.model, now);
  if (lead < worthOfWaiting(waited) || lost === 0) return now;
  const starves = want.isExtra ? Infinity : want.waitsSince + fleet.limits.starvation;
  return Math.min(now + crossing(lead, waited, count), Math.max(now, starves));
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
