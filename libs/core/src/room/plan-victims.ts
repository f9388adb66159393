import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ReplicaId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import { byWorth } from './worth.js';
import type { Harm } from './offer.js';
import { byHarm } from './offers.js';
import type { Place } from './places.js';
import { covers, holdsAnyOf, neededAt, replicasIn, shortfall, type Victim, withinKept } from './victims.js';
import type { Want } from '../demand/wants.js';

/** The least valuable first. Of two worth the same, one goes before another that would take it along. */
const byValue = (one: Victim, other: Victim): number =>
  byWorth(one, other) || one.replicas.length - other.replicas.length;

/** A place, and a whole sufficient set of replicas whose leaving makes room there. */
export interface EvictionPlan {
  readonly place: Place;
  readonly victims: readonly Victim[];
}

/** What it hurts that all these leave. */
export const harmOf = (victims: readonly Victim[]): Harm => {
  const leaving = replicasIn(victims);
  return { dearest: dearestOf(victims), leaving: leaving.size, bytes: bytesOf(leaving) };
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
): EvictionPlan | undefined {
  const short = shortfall(ledger, place.bookings);
  const useful = usefulFor(neededAt(fleet, place, want), short, victims).toSorted(byValue);
  const chosen = chooseVictims(fleet, want, short, useful);
  return chosen && { place, victims: chosen };
}

/** The victims that hold memory which a place is short of and are not needed there. */
function usefulFor(
  needed: ReadonlySet<ReplicaId>,
  short: ReadonlyMap<AccountId, Bytes>,
  victims: readonly Victim[],
): readonly Victim[] {
  return victims.filter(
    ({ replicas }) =>
      replicas.some((one) => holdsAnyOf(short, one)) && !replicas.some(({ id }) => needed.has(id)),
  );
}

/**
 * Adds victims until the shortfall is covered, then spares those it turns out not to need, or all of them where one that is
 * worth no more than the last does alone and that hurts less.
 */
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
  const ways = [kept, ...tiedWithLast(chosen, useful).flatMap((one) => (isEnough([one]) ? [[one]] : []))];
  return leaving(ways.reduce((best, way) => (byHarm(harmOf(way), harmOf(best)) < 0 ? way : best)));
}

/** What is worth no more than the last that was chosen; what is worth less does not do alone, or that would be the last. */
function tiedWithLast(chosen: readonly Victim[], useful: readonly Victim[]): readonly Victim[] {
  const last = chosen.at(-1);
  return last ? useful.filter((one) => byWorth(one, last) === 0) : [];
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
