import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ReplicaId, ServerId } from '../fleet/ids.js';
import { movableFrom } from '../fleet/idle-rule.js';
import { byOrder, indexesOf } from '../fleet/indexes.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { EvictionCost, Offer, Offers } from './offer.js';
import { rankOf } from '../demand/rank.js';
import type { Booking, Ready, Settled } from '../fleet/replica.js';
import { worthKey } from '../learned/worth.js';
import type { Server } from '../fleet/server.js';
import { byWorth, type Worth } from './worth.js';
import { gapsOn } from './gaps.js';
import { settingsOf } from '../demand/idle.js';

/** The lower cost first: by the worth of the most valuable victim, then by the number of replicas, then by bytes. */
export const byCost = (one: EvictionCost, other: EvictionCost): number =>
  byWorth(one.dearest, other.dearest) || one.leaving - other.leaving || one.bytes - other.bytes;

type MayGo = (one: Settled) => boolean;

/** Less than the worth of any replica. */
const WORTH_NOTHING: Worth = { rank: -Infinity, isSpare: true, density: -Infinity, lastUse: -Infinity };

const NO_COST: EvictionCost = { dearest: WORTH_NOTHING, leaving: 0, bytes: 0 };

/**
 * A lower bound of the eviction cost of room for these bookings; undefined where all replicas that may go do not free
 * enough. It is exact where one replica is enough, no other leaves with it, and its model need not keep it.
 */
export function leastCost(
  fleet: Readonly<Fleet>,
  ledger: Ledger,
  bookings: readonly Booking[],
  mayGo: MayGo,
): EvictionCost | undefined {
  return costOfAll(bookings, ({ account, bytes }) => {
    const missing = bytes - ledger.spare(account);
    return missing <= 0 ? NO_COST : leastOfferFor(offersOn(fleet, account), missing, mayGo);
  });
}

/** The cost of the booking that costs most; undefined where there is no room for one of them. */
function costOfAll(
  bookings: readonly Booking[],
  costOfOne: (booking: Booking) => EvictionCost | undefined,
): EvictionCost | undefined {
  let most = NO_COST;
  for (const booking of bookings) {
    const cost = costOfOne(booking);
    if (!cost) return undefined;
    if (byCost(cost, most) > 0) most = cost;
  }
  return most;
}

/**
 * A lower bound of the eviction cost of so much room on some GPU of a server, as if all replicas could go and none were
 * in motion; undefined where even that is not enough. Of its GPUs only those with the least known cost are valued anew
 * (lazy evaluation, Minoux 1978).
 */
export function leastCostOn(fleet: Readonly<Fleet>, server: Server, bytes: Bytes): EvictionCost | undefined {
  let { account, cost } = leastKnown(fleet, server, bytes);
  while (account && isOutdated(fleet, account)) {
    offersOn(fleet, account);
    ({ account, cost } = leastKnown(fleet, server, bytes));
  }
  knownCosts(fleet, bytes).set(server.spec.id, cost ?? null);
  return cost;
}

/** The same as of the last query, without valuing anew: it is no more than the bound now. */
export function knownCostOn(fleet: Readonly<Fleet>, server: Server, bytes: Bytes): EvictionCost | undefined {
  const costs = knownCosts(fleet, bytes);
  const known = costs.get(server.spec.id);
  if (known !== undefined) return known ?? undefined;
  const { cost } = leastKnown(fleet, server, bytes);
  costs.set(server.spec.id, cost ?? null);
  return cost;
}

/** Whether a server may have so much room without an eviction. */
export const mayHaveRoom = (fleet: Readonly<Fleet>, server: Server, bytes: Bytes): boolean =>
  knownCostOn(fleet, server, bytes) === NO_COST;

/** Costs are kept for so many sizes: models are of few. */
const SIZES = 64;

function knownCosts(fleet: Readonly<Fleet>, bytes: Bytes): Map<ServerId, EvictionCost | null> {
  const { costs } = indexesOf(fleet);
  const known = costs.get(bytes);
  if (known) return known;
  if (costs.size >= SIZES) costs.clear();
  const found = new Map<ServerId, EvictionCost | null>();
  costs.set(bytes, found);
  return found;
}

/** The GPU of a server with the least known cost of so much room, and that cost. */
function leastKnown(
  fleet: Readonly<Fleet>,
  server: Server,
  bytes: Bytes,
): { readonly account?: AccountId; readonly cost: EvictionCost | undefined } {
  const { gpus, most } = gapsOn(fleet, server);
  if (bytes <= most) return { cost: NO_COST };
  let least: ReturnType<typeof leastKnown> = { cost: undefined };
  for (const { account, gap } of gpus) {
    const cost = knownCost(fleet, account, bytes - gap);
    if (cost && (!least.cost || byCost(cost, least.cost) < 0)) least = { account, cost };
  }
  return least;
}

/** The known cost of one place, by what it books on GPUs. */
export function knownCostAt(
  fleet: Readonly<Fleet>,
  server: Server,
  bookings: readonly Booking[],
): EvictionCost | undefined {
  const { gpus } = gapsOn(fleet, server);
  return costOfAll(bookings, ({ account, bytes }) => {
    const gap = gpus.find((one) => one.account === account)?.gap ?? Infinity;
    return knownCost(fleet, account, bytes - gap);
  });
}

const knownCost = (fleet: Readonly<Fleet>, account: AccountId, missing: Bytes): EvictionCost | undefined =>
  missing <= 0 ? NO_COST : leastOfferFor(knownOffersOn(fleet, account), missing, () => true);

/**
 * The least cost of the missing bytes. Offers are taken from the least valuable on until they are enough: the last is
 * the dearest victim. Of those worth no more, the smallest that is enough alone costs least; several cost more.
 */
function leastOfferFor(offers: readonly Offer[], missing: Bytes, mayGo: MayGo): EvictionCost | undefined {
  let dearest: Worth | undefined;
  let [sum, alone] = [0, Infinity];
  for (const offer of offers) {
    if (dearest && byWorth(offer, dearest) > 0) break;
    if (!mayGo(offer.replica)) continue;
    sum += offer.bytes;
    if (sum >= missing) dearest ??= offer;
    if (offer.bytes >= missing) alone = Math.min(alone, offer.whole);
  }
  if (!dearest) return undefined;
  return alone < Infinity ? { dearest, leaving: 1, bytes: alone } : { dearest, leaving: 2, bytes: missing };
}

/**
 * The settled replicas that hold memory of an account, the least valuable first, whether or not they may go. Worths are
 * lower bounds: a replica that others depend on is worth more, and one with other copies need not be spare. Replicas
 * that have changed since the last query are valued anew.
 */
export function offersOn(fleet: Readonly<Fleet>, account: AccountId): readonly Offer[] {
  const offers = offersOf(fleet, account);
  const { sorted, changed } = offers;
  if (changed.size === 0) return sorted;
  const isFirst = byOrder(fleet);
  const holding = indexesOf(fleet).holding.get(account);
  const found = sorted.filter(({ replica }) => !changed.has(replica.id));
  for (const id of changed) if (holding?.has(id)) found.push(offerOf(fleet, id, account));
  found.sort((one, other) => byWorth(one, other) || isFirst(one.replica, other.replica));
  offers.sorted = found;
  offers.onlyUsed = true;
  changed.clear();
  return found;
}

/** The same, but uses since the last query are not counted: they only raise the worth of a replica. */
export function knownOffersOn(fleet: Readonly<Fleet>, account: AccountId): readonly Offer[] {
  const { sorted, onlyUsed } = offersOf(fleet, account);
  return onlyUsed ? sorted : offersOn(fleet, account);
}

const isOutdated = (fleet: Readonly<Fleet>, account: AccountId): boolean =>
  offersOf(fleet, account).changed.size > 0;

function offersOf(fleet: Readonly<Fleet>, account: AccountId): Offers {
  const { offers, holding } = indexesOf(fleet);
  const known = offers.get(account);
  if (known) return known;
  const found = { sorted: [], changed: new Set(holding.get(account)), onlyUsed: false };
  offers.set(account, found);
  return found;
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

function offerOf(fleet: Readonly<Fleet>, id: ReplicaId, account: AccountId): Offer {
  const replica = fleet.replicas.get(id) as Settled;
  let [bytes, whole] = [0, 0];
  for (const booking of replica.bookings) {
    whole += booking.bytes;
    if (booking.account === account) bytes += booking.bytes;
  }
  return {
    replica,
    rank: rankOf(settingsOf(fleet, replica).class),
    isSpare: fleet.holders.get(replica.model)!.size > 1,
    density: densityOf(fleet, replica),
    lastUse: replica.lastUse,
    bytes,
    whole,
    movable: movableFrom(fleet, replica),
  };
}
