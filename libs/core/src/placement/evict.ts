import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import type { Instant, Millis } from '../fleet/model.js';
import { areSlotsScarce } from '../loading/slot-use.js';
import { bestPlan } from '../room/best-plan.js';
import { type Freeable, freeable } from '../loading/freeable.js';
import type { Freed, Moving } from '../room/freed.js';
import { moveFor, searchIn } from './movable.js';
import { isTooSlow } from './moves.js';
import type { EvictionPlan } from '../room/plan-victims.js';
import { areRead, planRead } from '../room/reading.js';
import { drain } from './retire.js';
import type { Site } from '../room/sites.js';
import type { SlotLines } from '../loading/slot-line.js';
import { noteSwap } from '../room/swaps.js';
import { replicasIn, victimTest } from '../room/victims.js';
import type { Want } from '../demand/wants.js';

/** What a pass has promised so far, and the lines for load slots that this makes; and what critical requests wait for. */
export interface Pass {
  readonly ledger: Ledger;
  readonly lines: SlotLines;
  readonly hurried: ReadonlySet<ModelId>;
}

/** Where room is looked for, and whether a copy may be moved for it. */
export interface Sought {
  readonly sites: readonly Site[];
  readonly mayMove: boolean;
}

/** Drains a whole sufficient set of replicas, where that hurts least, or nothing at all; or has one moved, where it may. */
export function evictFor(
  fleet: Fleet,
  pass: Pass,
  { sites, mayMove }: Sought,
  want: Want,
  now: Instant,
): Freed {
  const { ledger, lines } = pass;
  const sitesToFree = freeable(fleet, sites, want, lines.testFor(want), now);
  const { free } = sitesToFree;
  if (free.every(({ places }) => places.length === 0)) return sitesToFree.nothing();
  const best = planFrom(fleet, ledger, sitesToFree, want, now);
  if (best === 'asking') return { kind: 'asking' };
  const move = mayMove ? moveInstead(fleet, pass, { free, best }, want, now) : undefined;
  if (move) return { kind: 'moving', move };
  if (!best) return sitesToFree.nothing();
  return areRead(fleet, best, want, now) ? carryOut(fleet, ledger, best, want, now) : { kind: 'asking' };
}

/** The best way to free a place; while load slots are scarce, first of those where the load begins as soon as others have left. */
function planFrom(
  fleet: Fleet,
  ledger: Ledger,
  { soon, free, isAnyBusy }: Freeable,
  want: Want,
  now: Instant,
): EvictionPlan | 'asking' | undefined {
  const isVictim = victimTest(fleet, want, now);
  const planIn = (some: readonly Site[]): EvictionPlan | 'asking' | undefined =>
    planRead(fleet, ledger, some, want, isVictim) ?? bestPlan(fleet, ledger, some, want, isVictim);
  if (!areSlotsScarce(fleet, now)) return planIn(free);
  return planIn(soon) ?? (isAnyBusy() ? planIn(free) : undefined);
}

/** The move that is better than the best plan, where there is any. */
function moveInstead(
  fleet: Fleet,
  { ledger }: Pass,
  { free, best }: { readonly free: readonly Site[]; readonly best: EvictionPlan | undefined },
  want: Want,
  now: Instant,
): Moving | undefined {
  if (isToBeDone(fleet, best, now)) return undefined;
  const move = moveFor(fleet, free, want, () => searchIn(fleet, ledger, now));
  return move && best && isTooSlow(fleet, move, want, now) ? undefined : move;
}

/** Whether no move would be better: it takes a load more, for which there has to be a slot. */
const isToBeDone = (fleet: Fleet, best: EvictionPlan | undefined, now: Instant): boolean =>
  best !== undefined && (!isLikelyMissed(best, now) || areSlotsScarce(fleet, now));

function carryOut(
  fleet: Fleet,
  ledger: Ledger,
  { victims, place }: EvictionPlan,
  want: Want,
  now: Instant,
): Freed {
  for (const replica of replicasIn(victims)) {
    ledger.leave(replica.bookings);
    drain(fleet, replica, 'evicted', want.model.id, now);
  }
  noteSwap(fleet, place, now);
  return { kind: 'freed', place };
}

/**
 * A model used this recently is likely to be asked for again soon. Its next load would then evict another copy. Loading
 * one copy elsewhere first costs no more, and no request waits for it.
 */
const LATELY: Millis = 60_000;

/** Whether a plan makes something cold that is likely to be missed. */
export const isLikelyMissed = ({ victims }: Pick<EvictionPlan, 'victims'>, now: Instant): boolean =>
  victims.some(({ isSpare, lastUse }) => !isSpare && lastUse > now - LATELY);
