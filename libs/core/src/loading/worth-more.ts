import { worthOf, worthOfWaiting } from '../learned/worth.js';
import type { Instant } from '../fleet/model.js';
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
  const missing = lost - worthOf(fleet, job.model, now) - worthOfWaiting(waited);
  if (missing < 0 || lost === 0) return now;
  const starves = want.isExtra ? Infinity : want.waitsSince + fleet.limits.starvation;
  return Math.min(count === 0 ? Infinity : now + (missing * 1_000) / count + 1, Math.max(now, starves));
}
