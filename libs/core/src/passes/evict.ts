import type { Fleet } from '../fleet.js';
import type { Ledger } from '../ledger.js';
import type { Instant, Millis } from '../model.js';
import { bestPlan } from './best-plan.js';
import type { Freed } from './freed.js';
import { lineTest } from './slot-line.js';
import { moveFor, searchIn } from './movable.js';
import { followMove } from './moves.js';
import type { Place } from './places.js';
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
  const { free, nothing } = sitesToFree(fleet, sites, want, now);
  if (free.every(({ places }) => places.length === 0)) return nothing();
  const isVictim = victimTest(fleet, want, now);
  const read = planRead(fleet, ledger, free, want, isVictim);
  if (read === 'asking') return { kind: 'asking' };
  const best = read ?? bestPlan(fleet, ledger, free, want, isVictim);
  const move =
    best && !isLikelyMissed(best, now)
      ? undefined
      : moveFor(fleet, free, want, () => searchIn(fleet, ledger, now));
  if (move) return { kind: 'moving', move };
  if (!best) return nothing();
  return areRead(fleet, best, want, now) ? carryOut(fleet, ledger, best, want, now) : { kind: 'asking' };
}

function carryOut(fleet: Fleet, ledger: Ledger, { victims, place }: Plan, want: Want, now: Instant): Freed {
  for (const replica of replicasIn(victims)) {
    ledger.leave(replica.bookings);
    drain(fleet, replica, 'evicted', want.model.id, now);
  }
  noteSwap(fleet, place, now);
  return { kind: 'freed', place };
}

/** Where others may leave now, and what it means that nobody can: that they may once the line is shorter, where that holds any up. */
function sitesToFree(
  fleet: Fleet,
  sites: readonly Site[],
  want: Want,
  now: Instant,
): { readonly free: readonly Site[]; readonly nothing: () => Freed } {
  const maySwap = swapTest(fleet, want, now);
  const isShort = lineTest(fleet, want, now);
  let isHeldUp = false;
  const mayBeFreed = (place: Place): boolean => {
    if (!maySwap(place)) return false;
    if (isShort(place)) return true;
    isHeldUp = true;
    return false;
  };
  const free = sites.map((site) => site.where(mayBeFreed));
  return { free, nothing: () => ({ kind: isHeldUp ? 'inLine' : 'nothing' }) };
}

/**
 * A model used so short a time ago is likely to be asked for again soon: it would be loaded anew, and somebody else would
 * leave for that. Loading one copy elsewhere first costs no more, and nobody waits for it.
 */
const LATELY: Millis = 60_000;

/** Whether a plan makes something cold that is likely to be missed. */
export const isLikelyMissed = ({ victims }: Pick<Plan, 'victims'>, now: Instant): boolean =>
  victims.some(({ isSpare, lastUse }) => !isSpare && lastUse > now - LATELY);
