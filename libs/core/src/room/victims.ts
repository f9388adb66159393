import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Booking, Ready, Replica } from '../fleet/replica.js';
import {
  guaranteedCopies,
  isGuaranteed,
  isPinProtected,
  isReplaced,
  servingReplicas,
  solidCopies,
} from '../memory/pins.js';
import { dependenciesOf, dependentsOf } from '../memory/footprint.js';
import { type AccountId, hostAccount, type ModelId, type ReplicaId, replicaId } from '../fleet/ids.js';
import { byOrder, inOrder } from '../fleet/indexes.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import { ownersOf } from '../memory/account-owners.js';
import { rankOf } from '../demand/rank.js';
import type { Server } from '../fleet/server.js';
import { takesOrders } from '../fleet/standing.js';
import { densityOf } from '../learned/worth.js';
import type { Worth } from './worth.js';
import { hasQueue } from '../demand/idle.js';
import { cameBackSoon, isKept, settingsOf } from '../fleet/idle-rule.js';
import type { Place } from './places.js';
import { leavingDraining } from '../demand/claims.js';
import type { Want } from '../demand/wants.js';
import { modelsAwaited } from '../fleet/waiting.js';

/** A replica and all that depends on it: they leave together. */
export interface Victim extends Worth {
  readonly replicas: readonly Ready[];
}

/** Tells whether a replica may be drained for a want, at whatever place. */
export type VictimTest = (one: Replica) => one is Ready;

/** The models that requests or a draining server wait for. */
export const awaitedModels = (fleet: Readonly<Fleet>, now: Now): ReadonlySet<ModelId> => {
  const awaited = new Set(leavingDraining(fleet, now));
  for (const model of modelsAwaited(fleet).keys()) awaited.add(model);
  return awaited;
};

/** The test for one want. What is awaited stays, too: see `awaitedModels`. */
export function victimTest(
  fleet: Fleet,
  want: Want,
  now: Now,
  awaited: ReadonlySet<ModelId> = awaitedModels(fleet, now),
): VictimTest {
  return (one): one is Ready =>
    one.phase === 'ready' &&
    takesOrders(fleet.servers.get(one.server)!, now) &&
    !awaited.has(one.model) &&
    mayGo(fleet, one, want, now);
}

/** What is needed at a place and may not be drained for it: what the model depends on. */
export function neededAt(fleet: Fleet, { server }: Place, { model }: Want): ReadonlySet<ReplicaId> {
  if (!fleet.composed.has(model.id)) return new Set();
  return new Set(dependenciesOf(fleet, model.id).map((id) => replicaId(id, server.spec.id)));
}

/** The replicas among these that may be drained with all that depends on them, in the given order. */
function victimsAmong(fleet: Fleet, isVictim: VictimTest, among: Iterable<Replica>): Victim[] {
  const victims: Victim[] = [];
  for (const replica of among) {
    if (!isVictim(replica)) continue;
    const dependents = dependentsOf(fleet, replica);
    if (!dependents.every(isVictim)) continue;
    const replicas = [replica, ...dependents];
    victims.push({
      replicas,
      rank: Math.max(...replicas.map((one) => rankOf(settingsOf(fleet, one).class))),
      isSpare: replicas.every((one) => isSpare(fleet, one, isVictim)),
      density: Math.max(...replicas.map((one) => densityOf(fleet, one))),
      lastUse: Math.max(...replicas.map(({ lastUse }) => lastUse)),
    });
  }
  return victims;
}

/** The same of all replicas on the host of a place whose leaving frees memory that the place is short of. */
export function victimsAt(
  fleet: Fleet,
  isVictim: VictimTest,
  { server, bookings }: Place,
  ledger: Ledger,
): Victim[] {
  const short = shortfall(ledger, bookings);
  const isUseful = (one: Replica): boolean =>
    holdsAnyOf(short, one) || dependentsOf(fleet, one).some((other) => holdsAnyOf(short, other));
  const useful = replicasBeside(fleet, ledger, server, short).filter(isUseful);
  return victimsAmong(fleet, isVictim, useful.toSorted(byOrder(fleet)));
}

/**
 * The replicas on the host of a server that hold memory of these accounts, server by server in the order of the fleet; all
 * of a server where ensembles may tie them together.
 */
function replicasBeside(
  fleet: Readonly<Fleet>,
  ledger: Ledger,
  { spec }: Server,
  short: ReadonlyMap<AccountId, Bytes>,
): Replica[] {
  const lists = Array.from(short.keys(), (account) => ledger.holdersOf(account));
  const holders =
    lists.length === 1
      ? lists[0]!
      : inOrder(
          fleet,
          lists.flat().map(({ id }) => id),
        );
  const found: Replica[] = [];
  for (const { server } of ownersOf(fleet, hostAccount(spec.host))) {
    const all = fleet.composed.size > 0 ? replicasOn(fleet, server.spec.id) : holders;
    for (const one of all) if (one.server === server.spec.id) found.push(one);
  }
  return found;
}

/** Whether a replica holds memory which a place is short of. */
export const holdsAnyOf = (short: ReadonlyMap<AccountId, Bytes>, { bookings }: Replica): boolean =>
  bookings.some(({ account, bytes }) => bytes > 0 && short.has(account));

/**
 * Whether its model stays warm without it. Of several copies on one host, which could all leave for one want, all are
 * spare but the one that was used last.
 */
function isSpare(fleet: Fleet, replica: Ready, isVictim: VictimTest): boolean {
  if (fleet.holders.get(replica.model)!.size < 2) return false;
  const hostOf = ({ server }: Replica): string => fleet.servers.get(server)!.spec.host;
  const outlasts = (one: Ready): boolean =>
    hostOf(one) !== hostOf(replica) || !isVictim(one) || isUsedAfter(one, replica);
  return servingReplicas(fleet, replica.model).some((one) => one.id !== replica.id && outlasts(one));
}

const isUsedAfter = (one: Ready, other: Ready): boolean =>
  one.lastUse === other.lastUse ? one.id > other.id : one.lastUse > other.lastUse;

/** Drops victims whose leaving beside those before them would leave too few copies of a model. */
export function withinKept(fleet: Fleet, victims: readonly Victim[], want: Want): Victim[] {
  const going = new Set<ReplicaId>();
  return victims.filter(({ replicas }) => {
    const joining = replicas.filter(({ id }) => !going.has(id));
    for (const { id } of joining) going.add(id);
    if (joining.every((one) => isReplaced(fleet, one) || keepsEnough(fleet, one.model, going, want)))
      return true;
    for (const { id } of joining) going.delete(id);
    return false;
  });
}

/** Whether enough copies of a model stay for its pin and its warm copies once all these are gone. */
export function keepsEnough(
  fleet: Fleet,
  id: ModelId,
  going: Pick<ReadonlySet<ReplicaId>, 'has'>,
  want: Want,
): boolean {
  const model = fleet.models.get(id);
  if (!model) return true;
  const warm = rankOf(model.class) >= want.rank ? Math.max(guaranteedCopies(model), want.isExtra ? 1 : 0) : 0;
  const kept = Math.max(model.pinnedCopies, warm);
  return kept === 0 || solidCopies(fleet, id, going) >= kept;
}

/**
 * Whether a replica may go for a want, now or later (`tellableFrom`). No copy in use goes for an extra copy, none with a queue for
 * a lower class.
 */
function mayGo(fleet: Fleet, replica: Ready, want: Want, now: Now): boolean {
  if (isPinProtected(fleet, replica) || isKept(fleet, replica)) return false;
  if (!isPreemptible(fleet, replica, want) || !canBeSparedFor(fleet, replica, want)) return false;
  if (want.isExtra && replica.inUseUntil > now.stamp) return false;
  return !(want.isExtra || outranks(fleet, replica, want)) || !hasQueue(fleet, replica);
}

/**
 * Whether a replica can be spared for a want. A failing copy does not go for the copy that replaces it. For an extra copy no
 * other copy of its model goes, nor the last one of a model of its rank.
 */
function canBeSparedFor(fleet: Fleet, replica: Ready, want: Want): boolean {
  const isOwn = replica.model === want.model.id;
  if (!want.isExtra) return !isOwn || !isReplaced(fleet, replica);
  return !isOwn && keepsEnough(fleet, replica.model, new Set([replica.id]), want);
}

/** Whether a replica may be preempted by a want, by class and by the copies that are kept warm. */
const isPreemptible = (fleet: Readonly<Fleet>, replica: Ready, want: Want): boolean =>
  !isAbove(fleet, replica, want) && !isKeptFrom(fleet, replica, want);

/** Whether a replica is of a higher class than a want. */
const outranks = (fleet: Readonly<Fleet>, replica: Replica, { rank }: Pick<Want, 'rank'>): boolean =>
  rankOf(settingsOf(fleet, replica).class) > rank;

/**
 * Whether its class keeps a replica from a want as long as it stays: from what no request waits for, and where it left for a lower
 * class shortly before it was loaded.
 */
export const isAbove = (fleet: Readonly<Fleet>, replica: Ready, want: Want): boolean =>
  outranks(fleet, replica, want) && (want.isExtra || !want.isAwaited || cameBackSoon(fleet, replica));

/** Whether a replica of the want's class, or of a higher one, is one of the copies that are kept warm. */
export const isKeptFrom = (fleet: Readonly<Fleet>, replica: Replica, { rank }: Pick<Want, 'rank'>): boolean =>
  rankOf(settingsOf(fleet, replica).class) >= rank && isGuaranteed(fleet, replica);

/** Notes which of those that leave for a want outrank it: see `cameBackSoon`. */
export function noteOutranking(fleet: Fleet, leaving: Iterable<Ready>, want: Want, now: Now): void {
  for (const one of leaving) if (outranks(fleet, one, want)) fleet.leftForLower.set(one.model, now.stamp);
}

/** The bytes that bookings are short of, by account. */
export function shortfall(ledger: Ledger, bookings: readonly Booking[]): ReadonlyMap<AccountId, Bytes> {
  const short = new Map<AccountId, Bytes>();
  for (const { account, bytes } of bookings) {
    const missing = bytes - ledger.spare(account);
    if (missing > 0) short.set(account, missing);
  }
  return short;
}

/** The replicas of victims. Two victims may share one, since a replica also leaves with each that it depends on. */
export const replicasIn = (victims: readonly Victim[]): ReadonlySet<Ready> =>
  new Set(victims.flatMap(({ replicas }) => replicas));

/** Whether the memory of all these covers a shortfall. */
export function covers(
  leaving: Iterable<Pick<Ready, 'bookings'>>,
  short: ReadonlyMap<AccountId, Bytes>,
): boolean {
  const missing = new Map(short);
  for (const { bookings } of leaving) {
    for (const { account, bytes } of bookings) {
      const bare = missing.get(account);
      if (bare !== undefined) missing.set(account, bare - bytes);
    }
  }
  return [...missing.values()].every((bytes) => bytes <= 0);
}
