import type { Fleet } from '../fleet.js';
import type { AccountId } from '../ids.js';
import { indexesOf, inOrder } from '../indexes.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Model } from '../model.js';
import type { Offer } from '../offer.js';
import { rankOf } from '../rank.js';
import type { Booking, Settled } from '../replica.js';
import type { Server } from '../server.js';
import { byWorth, type Worth } from '../worth.js';
import { gapsOn, leastOnGpu } from './gaps.js';
import { settingsOf } from './idle.js';

/** How much it hurts to free a place: the worth of the most valuable victim, how many replicas leave, what they hold. */
export interface Harm {
  readonly dearest: Worth;
  readonly leaving: number;
  readonly bytes: Bytes;
}

/** That hurts less whose most valuable victim is worth less; then what fewer replicas leave for, then smaller ones. */
export const byHarm = (one: Harm, other: Harm): number =>
  byWorth(one.dearest, other.dearest) || one.leaving - other.leaving || one.bytes - other.bytes;

/** Less than anything is worth. */
const NOTHING: Worth = { rank: -Infinity, isSpare: true, lastUse: -Infinity };

const NO_HARM: Harm = { dearest: NOTHING, leaving: 0, bytes: 0 };

/** Who may go, and who of them goes alone: nothing goes along, and it need not be asked who stays. */
export interface Leavers {
  readonly mayGo: (one: Settled) => boolean;
  readonly goesAlone: (one: Settled) => boolean;
}

/**
 * What it hurts at least to make room for these bookings; undefined where all that may go is not enough. Where everybody
 * goes alone it is what it does hurt, but for sets of several.
 */
export function leastHarm(
  fleet: Readonly<Fleet>,
  ledger: Ledger,
  bookings: readonly Booking[],
  leavers: Leavers,
): Harm | undefined {
  let least = NO_HARM;
  for (const { account, bytes } of bookings) {
    const missing = bytes - ledger.spare(account);
    if (missing <= 0) continue;
    const harm = leastFor(offersOn(fleet, account), missing, leavers);
    if (!harm) return undefined;
    if (byHarm(harm, least) > 0) least = harm;
  }
  return least;
}

/**
 * What it hurts at least to make room for a model anywhere on a server, if all could go and nothing were in motion; undefined
 * where even that is not enough. No place there is freed for less.
 */
export function leastHarmOn(fleet: Readonly<Fleet>, server: Server, model: Model): Harm | undefined {
  const { gpus, most } = gapsOn(fleet, server);
  const bytes = leastOnGpu(fleet, server, model);
  if (bytes <= most) return NO_HARM;
  let least: Harm | undefined;
  for (const [account, gap] of gpus) {
    const harm = harmBeside(fleet, account, bytes - gap);
    if (harm && (!least || byHarm(harm, least) < 0)) least = harm;
  }
  return least;
}

/** The same of one place, by what it books on GPUs. */
export function leastHarmAt(
  fleet: Readonly<Fleet>,
  server: Server,
  bookings: readonly Booking[],
): Harm | undefined {
  const { gpus } = gapsOn(fleet, server);
  let least = NO_HARM;
  for (const { account, bytes } of bookings) {
    const harm = harmBeside(fleet, account, bytes - (gpus.get(account) ?? Infinity));
    if (!harm) return undefined;
    if (byHarm(harm, least) > 0) least = harm;
  }
  return least;
}

const harmBeside = (fleet: Readonly<Fleet>, account: AccountId, missing: Bytes): Harm | undefined =>
  missing <= 0 ? NO_HARM : leastOfAny(offersOn(fleet, account), missing, anybody);

const anybody = (): boolean => true;

/** Takes the cheapest offers up to where they make up for what is missing: if the last of them does so, it does so alone. */
function leastFor(offers: readonly Offer[], missing: Bytes, { mayGo, goesAlone }: Leavers): Harm | undefined {
  let sum = 0;
  for (const offer of offers) {
    if (!mayGo(offer.replica)) continue;
    if (offer.isSpare || !goesAlone(offer.replica)) return leastOfAny(offers, missing, mayGo);
    sum += offer.bytes;
    if (sum >= missing) return harmOf(offer, offer.bytes >= missing ? offer.whole : undefined, missing);
  }
  return undefined;
}

const harmOf = (dearest: Worth, alone: Bytes | undefined, missing: Bytes): Harm =>
  alone === undefined ? { dearest, leaving: 2, bytes: missing } : { dearest, leaving: 1, bytes: alone };

/** The same where some may go only with others, or instead of them: the smallest that does alone may be what is left. */
function leastOfAny(offers: readonly Offer[], missing: Bytes, mayGo: Leavers['mayGo']): Harm | undefined {
  let dearest: Worth | undefined;
  let [sum, alone] = [0, Infinity];
  for (const offer of offers) {
    if (dearest && byWorth(offer, dearest) > 0) break;
    if (!mayGo(offer.replica)) continue;
    sum += offer.bytes;
    if (sum >= missing) dearest ??= offer;
    if (offer.bytes >= missing) alone = Math.min(alone, offer.whole);
  }
  return dearest && harmOf(dearest, alone < Infinity ? alone : undefined, missing);
}

/**
 * What settled replicas hold of an account, the least valuable first: nobody asks here which of them may go. What goes
 * along with one makes it worth more, and only what has other copies can be spare. It is kept until one of them changes.
 */
export function offersOn(fleet: Readonly<Fleet>, account: AccountId): readonly Offer[] {
  const { offers, holding } = indexesOf(fleet);
  const known = offers.get(account);
  if (known) return known;
  const holders = inOrder(fleet, [...(holding.get(account) ?? [])]) as Settled[];
  const found = holders.map((one) => offerOf(fleet, one, account)).toSorted(byWorth);
  offers.set(account, found);
  return found;
}

function offerOf(fleet: Readonly<Fleet>, replica: Settled, account: AccountId): Offer {
  let [bytes, whole] = [0, 0];
  for (const booking of replica.bookings) {
    whole += booking.bytes;
    if (booking.account === account) bytes += booking.bytes;
  }
  return {
    replica,
    rank: rankOf(settingsOf(fleet, replica).class),
    isSpare: fleet.holders.get(replica.model)!.size > 1,
    lastUse: replica.lastUse,
    bytes,
    whole,
  };
}
