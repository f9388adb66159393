import type { Fleet } from '../fleet/fleet.js';
import type { AccountId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import { bytesIn } from '../fleet/meter.js';
import type { Bytes } from '../fleet/model.js';
import { byWorth, type Worth } from './worth.js';
import type { Place } from './places.js';
import { covers, holdsAnyOf, neededAt, replicasIn, shortfall, type Victim, withinKept } from './victims.js';
import type { Want } from '../demand/wants.js';

/** The least valuable first. Of two of the same worth, one goes before another with which it would leave. */
const byValue = (one: Victim, other: Victim): number =>
  byWorth(one, other) || one.replicas.length - other.replicas.length;

/** A place, and the victims that make room there. */
export interface EvictionPlan {
  readonly place: Place;
  readonly victims: readonly Victim[];
}

/** What an eviction costs: the worth of the most valuable victim, how many replicas leave, and their bytes. */
interface EvictionCost {
  readonly dearest: Worth;
  readonly leaving: number;
  readonly bytes: Bytes;
}

const byCost = (one: EvictionCost, other: EvictionCost): number =>
  byWorth(one.dearest, other.dearest) || one.leaving - other.leaving || one.bytes - other.bytes;

/** The eviction cost of these victims. */
const costOf = (victims: readonly Victim[]): EvictionCost => {
  const dearest = victims.reduce((most, one) => (byWorth(one, most) > 0 ? one : most));
  const leaving = replicasIn(victims);
  const bytes = Array.from(leaving, ({ bookings }) => bytesIn(bookings)).reduce((sum, one) => sum + one);
  return { dearest, leaving: leaving.size, bytes };
};

/** Those of these victims that make room at a place at the least cost; undefined where they do not free enough. */
export function planFor(
  fleet: Fleet,
  ledger: Ledger,
  place: Place,
  want: Want,
  victims: readonly Victim[],
): EvictionPlan | undefined {
  const short = shortfall(ledger, place.bookings);
  const needed = neededAt(fleet, place, want);
  const useful = victims.filter(
    ({ replicas }) =>
      replicas.some((one) => holdsAnyOf(short, one)) && !replicas.some(({ id }) => needed.has(id)),
  );
  const chosen = chooseVictims(fleet, want, short, useful.toSorted(byValue));
  return chosen && { place, victims: chosen };
}

/**
 * Adds victims until the shortfall is covered, then spares those that are not needed. Instead takes one victim alone
 * that is worth no more than the last of them, is enough, and costs less.
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
  // A victim that is worth less than the last is not enough alone: it would be the last.
  const last = chosen.at(-1);
  const tied = useful.filter((one) => last && byWorth(one, last) === 0);
  const ways = [kept, ...tied.flatMap((one) => (isEnough([one]) ? [[one]] : []))];
  return leaving(ways.reduce((best, way) => (byCost(costOf(way), costOf(best)) < 0 ? way : best)));
}

/**
 * The victims that hold memory of more accounts which the place is short of come first. Where one of two copies has to
 * stay, the one at the place frees the device besides the host, and the other the host only.
 */
function byReach(victims: readonly Victim[], short: ReadonlyMap<AccountId, Bytes>): readonly Victim[] {
  const reachOf = ({ replicas }: Victim): number => {
    const held = replicas.flatMap(({ bookings }) => bookings).filter(({ bytes }) => bytes > 0);
    return new Set(held.map(({ account }) => account).filter((account) => short.has(account))).size;
  };
  return victims.toSorted((one, other) => reachOf(other) - reachOf(one));
}
