import type { Fleet } from '../fleet.js';
import { isNeeded } from '../footprint.js';
import type { AccountId, ReplicaId } from '../ids.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Instant, Millis, Model } from '../model.js';
import type { Ready } from '../replica.js';
import { byWorth } from '../worth.js';
import type { Freed } from './freed.js';
import { moveFor, searchIn } from './movable.js';
import { followMove } from './moves.js';
import type { Place } from './places.js';
import { areRead, isBeingRead } from './reading.js';
import { byHarm, type Harm, type Leavers, leastHarm } from './offers.js';
import { drain } from './retire.js';
import { noteSwap, swappable } from './swaps.js';
import {
  covers,
  neededAt,
  replicasIn,
  shortfall,
  type Victim,
  victimsBeside,
  victimTest,
  type VictimTest,
  withinKept,
} from './victims.js';
import type { Want } from './wants.js';

/** The least valuable first. Of two worth the same, one goes before another that would take it along. */
const byValue = (one: Victim, other: Victim): number =>
  byWorth(one, other) || one.replicas.length - other.replicas.length;

/** A place, and a whole sufficient set of replicas whose leaving makes room there. */
interface Plan {
  readonly place: Place;
  readonly victims: readonly Victim[];
  /** The most valuable of them. */
  readonly dearest: Victim;
}

/** Drains a whole sufficient set of replicas, where that hurts least, or nothing at all. */
export function evictFor(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  want: Want,
  now: Instant,
): Freed {
  const moved = followMove(fleet, ledger, places, want, now);
  if (moved) return moved;
  const free = swappable(fleet, places, want, now);
  const isVictim = victimTest(fleet, free, want, now);
  if (isBeingRead(fleet, ledger, free, want, isVictim)) return { kind: 'asking' };
  const best = bestPlan(fleet, ledger, free, want, isVictim);
  const move = best && !isMissed(best, now) ? undefined : moveFor(searchIn(fleet, ledger, now), free, want);
  if (move) return { kind: 'moving', move };
  if (!best) return { kind: 'nothing' };
  const leaving = replicasIn(best.victims);
  if (!areRead(fleet, best.place, leaving, want, now)) return { kind: 'asking' };
  for (const replica of leaving) {
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
export const isMissed = ({ victims }: Pick<Plan, 'victims'>, now: Instant): boolean =>
  victims.some(({ isSpare, lastUse }) => !isSpare && lastUse > now - LATELY);

/** The plan that hurts least, wherever that is: places are planned by what they hurt at least, while one could be better. */
export function bestPlan(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  want: Want,
  isVictim: VictimTest,
): Plan | undefined {
  const victims = victimsBeside(fleet, isVictim);
  let best: (Prospect & { readonly plan: Plan }) | undefined;
  for (const prospect of prospectsOf(fleet, ledger, places, want, isVictim)) {
    if (best && byTurn(prospect, best) > 0) break;
    const { place, at } = prospect;
    const plan = planFor(fleet, ledger, place, want, victims(place));
    const found = plan && { place, at, harm: harmOf(plan), plan };
    if (found && (!best || byTurn(found, best) < 0)) best = found;
  }
  return best?.plan;
}

/** A place, where it stands among all, and what it hurts to free it. */
interface Prospect {
  readonly place: Place;
  readonly at: number;
  readonly harm: Harm;
}

const byTurn = (one: Prospect, other: Prospect): number => byHarm(one.harm, other.harm) || one.at - other.at;

/** All that may be freed, by what that hurts at least. */
function prospectsOf(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  want: Want,
  isVictim: VictimTest,
): readonly Prospect[] {
  const prospects: Prospect[] = [];
  for (const [at, place] of places.entries()) {
    const harm = leastHarm(fleet, ledger, place.bookings, leaversAt(fleet, place, want, isVictim));
    if (harm) prospects.push({ place, at, harm });
  }
  return prospects.sort(byTurn);
}

/** Copies that are to be kept are counted, and one copy more spares the last: of those not all that may go go together. */
function leaversAt(fleet: Fleet, place: Place, want: Want, isVictim: VictimTest): Leavers {
  const needed = neededAt(fleet, place, want);
  return {
    mayGo: (one) => !needed.has(one.id) && isVictim(one),
    goesAlone: (one) => !want.isExtra && !isCounted(fleet.models.get(one.model)) && !isNeeded(fleet, one),
  };
}

const isCounted = (model: Model | undefined): boolean =>
  model !== undefined && (model.pinnedCopies > 0 || model.minCopies > 0);

export const harmOf = ({ victims, dearest }: Plan): Harm => {
  const leaving = replicasIn(victims);
  return { dearest, leaving: leaving.size, bytes: bytesOf(leaving) };
};

const dearestOf = (victims: readonly Victim[]): Victim =>
  victims.reduce((dearest, one) => (byWorth(one, dearest) > 0 ? one : dearest));

/** All that they hold, on devices and hosts. */
const bytesOf = (leaving: Iterable<Ready>): Bytes => {
  let sum = 0;
  for (const { bookings } of leaving) for (const { bytes } of bookings) sum += bytes;
  return sum;
};

/** Those of these victims that make room at a place, by what hurts least; undefined where they do not make enough. */
export function planFor(
  fleet: Fleet,
  ledger: Ledger,
  place: Place,
  want: Want,
  victims: readonly Victim[],
): Plan | undefined {
  const short = shortfall(ledger, place.bookings);
  const useful = usefulFor(neededAt(fleet, place, want), short, victims).toSorted(byValue);
  const chosen = chooseVictims(fleet, want, short, useful);
  return chosen && { place, victims: chosen, dearest: dearestOf(chosen) };
}

/** The victims that hold memory which a place is short of and are not needed there. */
function usefulFor(
  needed: ReadonlySet<ReplicaId>,
  short: ReadonlyMap<AccountId, Bytes>,
  victims: readonly Victim[],
): readonly Victim[] {
  const holds = ({ bookings }: Ready): boolean =>
    bookings.some(({ account, bytes }) => bytes > 0 && short.has(account));
  return victims.filter(({ replicas }) => replicas.some(holds) && !replicas.some(({ id }) => needed.has(id)));
}

/** Adds victims until the shortfall is covered, then spares those it turns out not to need. */
function chooseVictims(
  fleet: Fleet,
  want: Want,
  short: ReadonlyMap<AccountId, Bytes>,
  useful: readonly Victim[],
): readonly Victim[] | undefined {
  const mayAllGo = withinKept(fleet, useful, want).length === useful.length;
  const leaving = (victims: readonly Victim[]): readonly Victim[] =>
    mayAllGo ? victims : withinKept(fleet, byReach(victims, short), want);
  const isEnough = (victims: readonly Victim[]): boolean => covers(replicasIn(leaving(victims)), short);
  if (!isEnough(useful)) return undefined;
  const chosen: Victim[] = [];
  for (const victim of useful) {
    if (isEnough(chosen)) break;
    chosen.push(victim);
  }
  const kept = chosen.reduceRight<readonly Victim[]>((some, victim) => {
    const without = some.filter((one) => one !== victim);
    return isEnough(without) ? without : some;
  }, chosen);
  return leaving(kept);
}

/**
 * Those first that hold memory on more of the accounts which a place is short of. Where one of two copies has to stay,
 * the one at the place makes all the room on the host that the other would, and room on the device besides.
 */
function byReach(victims: readonly Victim[], short: ReadonlyMap<AccountId, Bytes>): readonly Victim[] {
  const reachOf = ({ replicas }: Victim): number => {
    const held = replicas.flatMap(({ bookings }) => bookings).filter(({ bytes }) => bytes > 0);
    return new Set(held.map(({ account }) => account).filter((account) => short.has(account))).size;
  };
  return victims.toSorted((one, other) => reachOf(other) - reachOf(one));
}
