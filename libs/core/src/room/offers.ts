import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ReplicaId, ServerId } from '../fleet/ids.js';
import { movableFrom } from '../fleet/idle-rule.js';
import { byOrder, indexesOf } from '../fleet/indexes.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { Harm, Offer, Offers } from './offer.js';
import { rankOf } from '../demand/rank.js';
import type { Booking, Ready, Settled } from '../fleet/replica.js';
import { worthKey } from '../learned/worth.js';
import type { Server } from '../fleet/server.js';
import { byWorth, type Worth } from './worth.js';
import { gapsOn } from './gaps.js';
import { settingsOf } from '../demand/idle.js';

/** That hurts less whose most valuable victim is worth less; then what fewer replicas leave for, then smaller ones. */
export const byHarm = (one: Harm, other: Harm): number =>
  byWorth(one.dearest, other.dearest) || one.leaving - other.leaving || one.bytes - other.bytes;

type MayGo = (one: Settled) => boolean;

/** Less than anything is worth. */
const WORTH_NOTHING: Worth = { rank: -Infinity, isSpare: true, density: -Infinity, lastUse: -Infinity };

const NO_HARM: Harm = { dearest: WORTH_NOTHING, leaving: 0, bytes: 0 };

/**
 * The least eviction cost of room for these bookings; undefined where all copies that may go are not enough. It is the
 * exact cost where one copy is enough, takes none along, and no count of the copies that stay forbids it.
 */
export function leastHarm(
  fleet: Readonly<Fleet>,
  ledger: Ledger,
  bookings: readonly Booking[],
  mayGo: MayGo,
): Harm | undefined {
  let least = NO_HARM;
  for (const { account, bytes } of bookings) {
    const missing = bytes - ledger.spare(account);
    if (missing <= 0) continue;
    const harm = leastOfferFor(offersOn(fleet, account), missing, mayGo);
    if (!harm) return undefined;
    if (byHarm(harm, least) > 0) least = harm;
  }
  return least;
}

/**
 * What it hurts at least to make room for so much anywhere on a server, if all could go and nothing were in motion; undefined
 * where even that is not enough. No place there is freed for less. What is known of its GPUs is found anew only as long as
 * it is the least (the lazy evaluation of Minoux, 1978).
 */
export function leastHarmOn(fleet: Readonly<Fleet>, server: Server, bytes: Bytes): Harm | undefined {
  for (;;) {
    const { account, harm } = leastKnown(fleet, server, bytes);
    if (account && isOutdated(fleet, account)) offersOn(fleet, account);
    else {
      knownHarms(fleet, bytes).set(server.spec.id, harm ?? null);
      return harm;
    }
  }
}

/** The same as of the last query, which is no more than it is now: it takes next to no work. */
export function knownHarmOn(fleet: Readonly<Fleet>, server: Server, bytes: Bytes): Harm | undefined {
  const harms = knownHarms(fleet, bytes);
  const known = harms.get(server.spec.id);
  if (known !== undefined) return known ?? undefined;
  const { harm } = leastKnown(fleet, server, bytes);
  harms.set(server.spec.id, harm ?? null);
  return harm;
}

/** Whether there may be room for so much on a server without an eviction. */
export const mayHaveRoom = (fleet: Readonly<Fleet>, server: Server, bytes: Bytes): boolean =>
  knownHarmOn(fleet, server, bytes) === NO_HARM;

/** Models are of few sizes; where they are not, what is known of some is forgotten. */
const SIZES = 64;

function knownHarms(fleet: Readonly<Fleet>, bytes: Bytes): Map<ServerId, Harm | null> {
  const { harms } = indexesOf(fleet);
  const known = harms.get(bytes);
  if (known) return known;
  if (harms.size >= SIZES) harms.clear();
  const found = new Map<ServerId, Harm | null>();
  harms.set(bytes, found);
  return found;
}

/** How little it hurts to make room for so much on a server, and on which GPU, as far as that is known. */
function leastKnown(
  fleet: Readonly<Fleet>,
  server: Server,
  bytes: Bytes,
): { readonly account?: AccountId; readonly harm: Harm | undefined } {
  const { gpus, most } = gapsOn(fleet, server);
  if (bytes <= most) return { harm: NO_HARM };
  let least: ReturnType<typeof leastKnown> = { harm: undefined };
  for (const { account, gap } of gpus) {
    const harm = knownHarm(fleet, account, bytes - gap);
    if (harm && (!least.harm || byHarm(harm, least.harm) < 0)) least = { account, harm };
  }
  return least;
}

/** The same of one place, by what it books on GPUs. */
export function knownHarmAt(
  fleet: Readonly<Fleet>,
  server: Server,
  bookings: readonly Booking[],
): Harm | undefined {
  const { gpus } = gapsOn(fleet, server);
  let least = NO_HARM;
  for (const { account, bytes } of bookings) {
    const gap = gpus.find((one) => one.account === account)?.gap ?? Infinity;
    const harm = knownHarm(fleet, account, bytes - gap);
    if (!harm) return undefined;
    if (byHarm(harm, least) > 0) least = harm;
  }
  return least;
}

const knownHarm = (fleet: Readonly<Fleet>, account: AccountId, missing: Bytes): Harm | undefined =>
  missing <= 0 ? NO_HARM : leastOfferFor(knownOffersOn(fleet, account), missing, anybody);

const anybody = (): boolean => true;

/**
 * The cheapest offers up to where they make up for what is missing. Of what is worth no more than the last of them the
 * smallest that does so alone hurts least; several hurt more.
 */
function leastOfferFor(offers: readonly Offer[], missing: Bytes, mayGo: MayGo): Harm | undefined {
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
 * What settled replicas hold of an account, the least valuable first, whether they may go or not. The values are lower
 * bounds: one that takes others along is worth more, and one with other copies need not be spare. What has changed
 * since the last query is valued anew.
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

/** The same, but that some of it may have been used since: by now that comes later, and hurts more. */
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

/** The worth of a copy for each of its bytes, as a key: GPU memory counts, or the host's where it holds no other. */
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
