import { type Fleet, replicasOn } from '../fleet.js';
import type { Booking, Ready, Replica } from '../replica.js';
import type { Server } from '../server.js';
import { dependenciesOf, dependentsOf } from '../footprint.js';
import { type AccountId, type ModelId, type ReplicaId, replicaId } from '../ids.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Instant } from '../model.js';
import { copiesOf, isPinProtected, solidCopies } from '../pins.js';
import { takesOrders } from '../standing.js';
import { hasQueue, isKept } from './idle.js';
import type { Place } from './places.js';
import { drain } from './retire.js';
import type { Want } from './wants.js';

/** Room will be free at `place`; or a fresh reading of use was asked for first; or nothing may go. */
export type Freed =
  | { readonly kind: 'freed'; readonly place: Place }
  | { readonly kind: 'asking' }
  | { readonly kind: 'nothing' };

/** A reading of use this much older than now is read again before anything is drained for memory. */
const FRESH = 500;

/** What goes together: a replica and what depends on it. */
interface Victim {
  readonly replicas: readonly Ready[];
  readonly lastUse: Instant;
}

/**
 * The order in which idle replicas make room: the least valuable first. Least recently used for now; a better
 * policy takes this function's place.
 */
const byValue = (one: Victim, other: Victim): number => one.lastUse - other.lastUse;

interface Plan {
  readonly place: Place;
  readonly victims: readonly Victim[];
  readonly latestUse: Instant;
}

/** Drains a whole sufficient set of replicas, where that hurts least, or nothing at all. */
export function evictFor(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  want: Want,
  now: Instant,
): Freed {
  const best = bestPlan(fleet, ledger, places, victimsFor(fleet, places, want, now));
  if (!best) return { kind: 'nothing' };
  if (!areFresh(fleet, best, want, now)) return { kind: 'asking' };
  for (const replica of replicasIn(best.victims)) {
    drain(fleet, replica, 'evicted', want.model.id, now);
    ledger.leave(replica.bookings);
  }
  return { kind: 'freed', place: best.place };
}

/** The plan whose most recently used victim was used longest ago; of equals the one with fewer victims. */
const byHarm = (one: Plan, other: Plan): number =>
  one.latestUse - other.latestUse || one.victims.length - other.victims.length;

const latestUseOf = (victims: readonly Victim[]): Instant =>
  Math.max(...victims.map(({ lastUse }) => lastUse));

/** The plan that hurts least. A place that cannot have a better one than the best so far is not planned at all. */
function bestPlan(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  victims: readonly Victim[],
): Plan | undefined {
  const needs = places.map((place) => ({ place, short: shortfall(ledger, place.bookings) }));
  const accounts = new Set(needs.flatMap(({ short }) => [...short.keys()]));
  const byAccount = groupByAccount(victims.toSorted(byValue), accounts);
  let best: Plan | undefined;
  for (const { place, short } of needs) {
    const useful = usefulFor(place, short, byAccount);
    if (best && isBeaten(useful, best)) continue;
    const chosen = chooseVictims(fleet, short, useful);
    const plan = chosen && { place, victims: chosen, latestUse: latestUseOf(chosen) };
    if (plan && (!best || byHarm(plan, best) < 0)) best = plan;
  }
  return best;
}

/** Whatever is chosen of these was used after the victims of a plan, or at the same moment and cannot be fewer. */
function isBeaten([first]: readonly Victim[], { latestUse, victims }: Plan): boolean {
  if (!first || first.lastUse > latestUse) return true;
  return first.lastUse === latestUse && victims.length === 1;
}

/** The victims that hold memory which a place is short of, the least valuable first. */
function usefulFor(
  { grows }: Place,
  short: ReadonlyMap<AccountId, Bytes>,
  byAccount: ReadonlyMap<AccountId, readonly Victim[]>,
): readonly Victim[] {
  const lists = Array.from(short.keys(), (account) => byAccount.get(account) ?? []);
  const useful = lists.length === 1 ? lists[0]! : [...new Set(lists.flat())].toSorted(byValue);
  return grows ? useful.filter(({ replicas }) => !replicas.some(({ id }) => id === grows.id)) : useful;
}

/** Adds victims until the shortfall is covered, then spares those it turns out not to need. */
function chooseVictims(
  fleet: Fleet,
  short: ReadonlyMap<AccountId, Bytes>,
  useful: readonly Victim[],
): readonly Victim[] | undefined {
  const chosen: Victim[] = [];
  for (const victim of withinPins(fleet, useful)) {
    if (covers(chosen, short)) break;
    chosen.push(victim);
  }
  if (!covers(chosen, short)) return undefined;
  return chosen.reduceRight<Victim[]>((kept, victim) => {
    const without = kept.filter((one) => one !== victim);
    return covers(without, short) ? without : kept;
  }, chosen);
}

function shortfall(ledger: Ledger, bookings: readonly Booking[]): ReadonlyMap<AccountId, Bytes> {
  const short = new Map<AccountId, Bytes>();
  for (const { account, bytes } of bookings) {
    const missing = bytes - ledger.spare(account);
    if (missing > 0) short.set(account, missing);
  }
  return short;
}

/** Two victims may share a replica: what needs a model is a victim by itself, and again with that model. */
const replicasIn = (victims: readonly Victim[]): ReadonlySet<Ready> =>
  new Set(victims.flatMap(({ replicas }) => replicas));

function covers(victims: readonly Victim[], short: ReadonlyMap<AccountId, Bytes>): boolean {
  const missing = new Map(short);
  for (const { bookings } of replicasIn(victims)) {
    for (const { account, bytes } of bookings) {
      const bare = missing.get(account);
      if (bare !== undefined) missing.set(account, bare - bytes);
    }
  }
  return [...missing.values()].every((bytes) => bytes <= 0);
}

/** The victims by those of the accounts that they draw on, in their order. */
function groupByAccount(
  victims: readonly Victim[],
  accounts: ReadonlySet<AccountId>,
): ReadonlyMap<AccountId, readonly Victim[]> {
  const groups = new Map(Array.from(accounts, (account): [AccountId, Victim[]] => [account, []]));
  for (const victim of victims) {
    for (const { bookings } of victim.replicas) {
      for (const { account } of bookings) {
        const group = groups.get(account);
        if (group && group.at(-1) !== victim) group.push(victim);
      }
    }
  }
  return groups;
}

/** Everything that may be drained for this want on the hosts in question. */
function victimsFor(fleet: Fleet, places: readonly Place[], want: Want, now: Instant): Victim[] {
  const servers = new Set(places.map(({ server }) => server));
  const hosts = new Set([...servers].map(({ spec }) => spec.host));
  const needed = new Set([...servers].flatMap((server) => unitOn(fleet, server, want)));
  /** What somebody waits for who doubts it stays. */
  const awaited = new Set([...fleet.waiting.values()].map(({ model }) => model));
  const isVictim = (one: Replica): one is Ready =>
    one.phase === 'ready' && !needed.has(one.id) && !awaited.has(one.model) && mayGo(fleet, one, want, now);
  const victims: Victim[] = [];
  for (const server of fleet.servers.values()) {
    if (!hosts.has(server.spec.host) || !takesOrders(server, now)) continue;
    for (const replica of replicasOn(fleet, server.spec.id)) {
      if (!isVictim(replica)) continue;
      const dependents = dependentsOf(fleet, replica);
      if (dependents.every(isVictim)) victims.push(victimWith(replica, dependents));
    }
  }
  return victims;
}

/** A replica with all that depends on it. */
function victimWith(replica: Ready, dependents: readonly Ready[]): Victim {
  const replicas = [replica, ...dependents];
  return { replicas, lastUse: Math.max(...replicas.map(({ lastUse }) => lastUse)) };
}

/** Each of two copies may go for itself where one is pinned, but not both. */
function withinPins(fleet: Fleet, victims: readonly Victim[]): Victim[] {
  const taken = new Map<ModelId, number>();
  return victims.filter(({ replicas }) =>
    replicas.every((replica) => {
      const { id, pinnedCopies } = fleet.models.get(replica.model) ?? { id: replica.model, pinnedCopies: 0 };
      if (pinnedCopies === 0) return true;
      const gone = (taken.get(id) ?? 0) + copiesOf(replica);
      taken.set(id, gone);
      return solidCopies(fleet, id, replica) + copiesOf(replica) - gone >= pinnedCopies;
    }),
  );
}

/** What the newcomer itself needs on a server is no victim for it. */
const unitOn = (fleet: Fleet, server: Server, { model }: Want): ReplicaId[] =>
  [model.id, ...dependenciesOf(fleet, model.id)].map((id) => replicaId(id, server.spec.id));

/** Not pinned, not somebody else's, past its minimum residency, and not in use, unless the newcomer is starving. */
function mayGo(fleet: Fleet, replica: Ready, want: Want, now: Instant): boolean {
  if (replica.change || isPinProtected(fleet, replica) || isKept(fleet, replica)) return false;
  if (now < residentUntil(fleet, replica)) return false;
  const isStarving = now - want.since >= fleet.limits.starvation;
  return isStarving || (replica.inUseUntil <= now && !hasQueue(fleet, replica));
}

/** The end of a replica's minimum residency. */
export const residentUntil = (fleet: Readonly<Fleet>, { model, since }: Replica): Instant =>
  since + (fleet.models.get(model) ?? fleet.defaults).minResidency;

/** Use is read once more, after the want arose, before anything is drained for memory. */
function areFresh(fleet: Fleet, { victims }: Plan, want: Want, now: Instant): boolean {
  const servers = new Set(victims.flatMap(({ replicas }) => replicas.map(({ server }) => server)));
  const stale = [...servers]
    .map((id) => fleet.servers.get(id)!)
    .filter((server) => !isFresh(server, want, now));
  for (const server of stale) server.statisticsWanted = Math.max(server.statisticsWanted ?? 0, now);
  return stale.length === 0;
}

const isFresh = ({ statisticsAt, lookTook }: Server, want: Want, now: Instant): boolean =>
  statisticsAt !== null && statisticsAt >= want.since && now - statisticsAt <= Math.max(FRESH, 2 * lookTook);
