import type { Fleet } from '../fleet.js';
import type { AccountId, ReplicaId } from '../ids.js';
import { movableFrom } from '../idle-rule.js';
import { byOrder, indexesOf } from '../indexes.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Model } from '../model.js';
import type { Gaps, Harm, Offer } from '../offer.js';
import { rankOf } from '../rank.js';
import type { Booking, Settled } from '../replica.js';
import type { Server } from '../server.js';
import { byWorth, type Worth } from '../worth.js';
import { gapsOn, leastOnGpu } from './gaps.js';
import { settingsOf } from './idle.js';

/** That hurts less whose most valuable victim is worth less; then what fewer replicas leave for, then smaller ones. */
export const byHarm = (one: Harm, other: Harm): number =>
  byWorth(one.dearest, other.dearest) || one.leaving - other.leaving || one.bytes - other.bytes;

type MayGo = (one: Settled) => boolean;

/** Less than anything is worth. */
const NOTHING: Worth = { rank: -Infinity, isSpare: true, lastUse: -Infinity };

const NO_HARM: Harm = { dearest: NOTHING, leaving: 0, bytes: 0 };

/**
 * What it hurts at least to make room for these bookings; undefined where all that may go is not enough. Where one copy
 * does alone, nothing goes along with it and nobody counts who stays, it is what it does hurt.
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
    const harm = leastOf(offersOn(fleet, account), missing, mayGo);
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
  const gaps = gapsOn(fleet, server);
  const bytes = leastOnGpu(fleet, server, model);
  if (bytes <= gaps.most) return NO_HARM;
  const known = gaps.harms.get(bytes);
  return known?.uses === gaps.uses ? known.harm : workOut(fleet, gaps, bytes);
}

/** The same as it was when somebody last asked, which is no more than it is now: it costs next to nothing. */
export function knownHarmOn(fleet: Readonly<Fleet>, server: Server, model: Model): Harm | undefined {
  const gaps = gapsOn(fleet, server);
  const bytes = leastOnGpu(fleet, server, model);
  if (bytes <= gaps.most) return NO_HARM;
  const known = gaps.harms.get(bytes);
  return known ? known.harm : workOut(fleet, gaps, bytes);
}

function workOut(fleet: Readonly<Fleet>, gaps: Gaps, bytes: Bytes): Harm | undefined {
  const harm = leastHarmIn(fleet, gaps, bytes);
  gaps.harms.set(bytes, { harm, uses: gaps.uses });
  return harm;
}

function leastHarmIn(fleet: Readonly<Fleet>, { gpus }: Gaps, bytes: Bytes): Harm | undefined {
  let least: Harm | undefined;
  for (const { account, gap } of gpus) {
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
    const gap = gpus.find((one) => one.account === account)?.gap ?? Infinity;
    const harm = harmBeside(fleet, account, bytes - gap);
    if (!harm) return undefined;
    if (byHarm(harm, least) > 0) least = harm;
  }
  return least;
}

const harmBeside = (fleet: Readonly<Fleet>, account: AccountId, missing: Bytes): Harm | undefined =>
  missing <= 0 ? NO_HARM : leastOf(offersOn(fleet, account), missing, anybody);

const anybody = (): boolean => true;

/**
 * The cheapest offers up to where they make up for what is missing. Of what is worth no more than the last of them the
 * smallest that does so alone hurts least; several hurt more.
 */
function leastOf(offers: readonly Offer[], missing: Bytes, mayGo: MayGo): Harm | undefined {
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
 * What settled replicas hold of an account, the least valuable first: nobody asks here which of them may go. What goes
 * along with one makes it worth more, and only what has other copies can be spare. It is kept until one of them changes; of
 * what was only used the place alone is found anew.
 */
export function offersOn(fleet: Readonly<Fleet>, account: AccountId): readonly Offer[] {
  const { offers, used, holding } = indexesOf(fleet);
  const known = offers.get(account);
  const changed = known ? used.get(account) : holding.get(account);
  if (known && !changed) return known;
  const isFirst = byOrder(fleet);
  const found = known?.filter(({ replica }) => !changed!.has(replica.id)) ?? [];
  if (changed) for (const id of changed) found.push(offerOf(fleet, id, account));
  found.sort((one, other) => byWorth(one, other) || isFirst(one.replica, other.replica));
  offers.set(account, found);
  used.delete(account);
  return found;
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
    lastUse: replica.lastUse,
    bytes,
    whole,
    movable: movableFrom(fleet, replica),
  };
}
