import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ReplicaId, ServerId } from '../fleet/ids.js';
import { byOrder, indexesOf } from '../fleet/indexes.js';
import { madeOnce } from '../numbers/groups.js';
import { bytesIn, bytesOn } from '../fleet/meter.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import { rankOf } from '../demand/rank.js';
import type { Booking, Ready } from '../fleet/replica.js';
import { worthKey } from '../learned/worth.js';
import type { Server } from '../fleet/server.js';
import { byWorth, type Worth } from './worth.js';
import { gapsOn } from './gaps.js';
import { settingsOf } from '../fleet/idle-rule.js';

/** A settled replica as a candidate for eviction: what it holds of one account and in all, and its worth at least. */
interface Candidate extends Worth {
  readonly replica: Ready;
  readonly bytes: Bytes;
  readonly whole: Bytes;
}

/** The settled replicas that hold memory of an account, from the first query on. */
export interface Candidates {
  /** The least valuable first, as of the last query. */
  sorted: readonly Candidate[];
  /** The replicas that have changed or left since then: they are valued anew at the next query. */
  readonly changed: Set<ReplicaId>;
}

/** The eviction cost of a place: the worth of the most valuable victim, how many replicas leave, and their bytes. */
export interface EvictionCost {
  readonly dearest: Worth;
  readonly leaving: number;
  readonly bytes: Bytes;
}

/** The lower cost first: by the worth of the most valuable victim, then by the number of replicas, then by bytes. */
export const byCost = (one: EvictionCost, other: EvictionCost): number =>
  byWorth(one.dearest, other.dearest) || one.leaving - other.leaving || one.bytes - other.bytes;

/** Less than the worth of any replica. */
const WORTH_NOTHING: Worth = { rank: -Infinity, isSpare: true, density: -Infinity, lastUse: -Infinity };

const NO_COST: EvictionCost = { dearest: WORTH_NOTHING, leaving: 0, bytes: 0 };

/**
 * A lower bound of the eviction cost of so much room on some GPU of a server, as if all replicas could go and none were
 * in motion; undefined where even that is not enough.
 */
export function leastCostOn(fleet: Readonly<Fleet>, server: Server, bytes: Bytes): EvictionCost | undefined {
  const { gpus, most } = gapsOn(fleet, server);
  let least = bytes <= most ? NO_COST : undefined;
  for (const { account, gap } of least ? [] : gpus) {
    const cost = leastCostOf(candidatesOn(fleet, account), bytes - gap, () => true);
    if (cost && (!least || byCost(cost, least) < 0)) least = cost;
  }
  knownCosts(fleet, bytes).set(server.spec.id, least ?? null);
  return least;
}

/** The same as it was last worked out: no more than the bound now, since uses since then only raise it. */
export function knownCostOn(fleet: Readonly<Fleet>, server: Server, bytes: Bytes): EvictionCost | undefined {
  const known = knownCosts(fleet, bytes).get(server.spec.id);
  return known === undefined ? leastCostOn(fleet, server, bytes) : (known ?? undefined);
}

/** A lower bound of the eviction cost of room for these bookings; undefined where all that may go does not free enough. */
export function leastCostAt(
  fleet: Readonly<Fleet>,
  ledger: Ledger,
  bookings: readonly Booking[],
  mayGo: (one: Ready) => boolean,
): EvictionCost | undefined {
  let most = NO_COST;
  for (const { account, bytes } of bookings) {
    const missing = bytes - ledger.spare(account);
    if (missing <= 0) continue;
    const cost = leastCostOf(candidatesOn(fleet, account), missing, mayGo);
    if (!cost) return undefined;
    if (byCost(cost, most) > 0) most = cost;
  }
  return most;
}

/** Costs are kept for so many sizes: models are of few. */
const SIZES = 64;

function knownCosts(fleet: Readonly<Fleet>, bytes: Bytes): Map<ServerId, EvictionCost | null> {
  const { costs } = indexesOf(fleet);
  if (costs.size >= SIZES && !costs.has(bytes)) costs.clear();
  return madeOnce(costs, bytes, () => new Map<ServerId, EvictionCost | null>());
}

/**
 * The least cost of the missing bytes. Candidates are taken from the least valuable on until they are enough: the last is
 * the dearest victim. Of those worth no more, the smallest that is enough alone costs least; several cost more.
 */
function leastCostOf(
  candidates: readonly Candidate[],
  missing: Bytes,
  mayGo: (one: Ready) => boolean,
): EvictionCost | undefined {
  let dearest: Worth | undefined;
  let [sum, alone] = [0, Infinity];
  for (const candidate of candidates) {
    if (dearest && byWorth(candidate, dearest) > 0) break;
    if (!mayGo(candidate.replica)) continue;
    sum += candidate.bytes;
    if (sum >= missing) dearest ??= candidate;
    if (candidate.bytes >= missing) alone = Math.min(alone, candidate.whole);
  }
  if (!dearest) return undefined;
  return alone < Infinity ? { dearest, leaving: 1, bytes: alone } : { dearest, leaving: 2, bytes: missing };
}

/**
 * The settled replicas that hold memory of an account, the least valuable first, whether or not they may go. Worths are
 * lower bounds: a replica that others depend on is worth more, and one with other copies need not be spare. Replicas
 * that have changed since the last query are valued anew.
 */
export function candidatesOn(fleet: Readonly<Fleet>, account: AccountId): readonly Candidate[] {
  const candidates = candidatesAt(fleet, account);
  const { sorted, changed } = candidates;
  if (changed.size === 0) return sorted;
  const isFirst = byOrder(fleet);
  const holding = indexesOf(fleet).holding.get(account);
  const found = sorted.filter(({ replica }) => !changed.has(replica.id));
  for (const id of changed) if (holding?.has(id)) found.push(candidateOf(fleet, id, account));
  found.sort((one, other) => byWorth(one, other) || isFirst(one.replica, other.replica));
  candidates.sorted = found;
  changed.clear();
  return found;
}

function candidatesAt(fleet: Readonly<Fleet>, account: AccountId): Candidates {
  const { candidates, holding } = indexesOf(fleet);
  return madeOnce(candidates, account, () => ({ sorted: [], changed: new Set(holding.get(account)) }));
}

/** `worthKey` of a copy per byte: per byte on GPUs, or on the host where it has no others. */
export function densityOf(fleet: Readonly<Fleet>, { model, bookings }: Ready): number {
  const key = worthKey(fleet, model);
  if (key === -Infinity) return key;
  const bytes = bytesHeldOf(bookings, true) || bytesHeldOf(bookings, false);
  return key - Math.log(Math.max(1, bytes)) - Math.log(fleet.holders.get(model)!.size);
}

function bytesHeldOf(bookings: readonly Booking[], onGpus: boolean): Bytes {
  let sum = 0;
  for (const { account, bytes } of bookings) if (account.startsWith('gpu:') === onGpus) sum += bytes;
  return sum;
}

function candidateOf(fleet: Readonly<Fleet>, id: ReplicaId, account: AccountId): Candidate {
  const replica = fleet.replicas.get(id) as Ready;
  return {
    replica,
    rank: rankOf(settingsOf(fleet, replica).class),
    isSpare: fleet.holders.get(replica.model)!.size > 1,
    density: densityOf(fleet, replica),
    lastUse: replica.lastUse,
    bytes: bytesOn(account, replica.bookings),
    whole: bytesIn(replica.bookings),
  };
}
