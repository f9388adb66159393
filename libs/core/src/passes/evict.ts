import type { Fleet } from '../fleet.js';
import type { Ledger } from '../ledger.js';
import type { Instant, Millis } from '../model.js';
import { bestPlan } from './best-plan.js';
import type { Freed } from './freed.js';
import { moveFor, searchIn } from './movable.js';
import { followMove } from './moves.js';
import type { Plan } from './plan-victims.js';
import { areRead, planRead } from './reading.js';
import { drain } from './retire.js';
import type { Site } from './sites.js';
import { noteSwap, swapTest } from './swaps.js';
import { replicasIn, victimTest } from './victims.js';
import type { Want } from './wants.js';

/** Drains a whole sufficient set of replicas, where that hurts least, or nothing at all. */
export function evictFor(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  now: Instant,
): Freed {
  const moved = followMove(fleet, ledger, sites, want, now);
  if (moved) return moved;
  const maySwap = swapTest(fleet, want, now);
  const free = sites.map((site) => site.where(maySwap));
  const isVictim = victimTest(fleet, want, now);
  const read = planRead(fleet, ledger, free, want, isVictim);
  if (read === 'asking') return { kind: 'asking' };
  const best = read ?? bestPlan(fleet, ledger, free, want, isVictim);
  const move =
    best && !isLikelyMissed(best, now)
      ? undefined
      : moveFor(fleet, free, want, () => searchIn(fleet, ledger, now));
  if (move) return { kind: 'moving', move };
  if (!best) return { kind: 'nothing' };
  if (!areRead(fleet, best, want, now)) return { kind: 'asking' };
  for (const replica of replicasIn(best.victims)) {
    ledger.leave(replica.bookings);
    drain(fleet, replica, 'evicted', want.model.id, now);
  }
  noteSwap(fleet, best.place, now);
  return { kind: 'freed', place: best.place };
}

/**
 * A model used so short a time ago is likely to be asked for again soon: it would be loaded anew, and somebody else would
 * leave for that. Loading one copy elsewhere first costs no more, and nobody waits for it.
 */
const LATELY: Millis = 60_000;

/** Whether a plan makes something cold that is likely to be missed. */
export const isLikelyMissed = ({ victims }: Pick<Plan, 'victims'>, now: Instant): boolean =>
  victims.some(({ isSpare, lastUse }) => !isSpare && lastUse > now - LATELY);
