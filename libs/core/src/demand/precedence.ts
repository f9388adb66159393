import { type Askers, askersOf, type Question } from './askers.js';
import { compareKeys } from '../numbers/compare-keys.js';
import { deficitsOf } from '../learned/deficits.js';
import type { Fleet } from '../fleet/fleet.js';
import type { TenantId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** A load that is to come, and stands in line for memory or for a slot. */
export interface Candidate extends Question {
  /** The part of its precedence that no waiting request changes: the lower goes first. See `stageOf` of the wants. */
  readonly stage: number;
  /** Whether the operator's word alone brings it, whatever requests wait besides: then no tenant pays for it. */
  readonly isDue: boolean;
}

/** One in line, and the tenants that pay for it together. */
export interface InLine<One> {
  readonly one: One;
  readonly payers: readonly TenantId[];
}

/** A load whose oldest request has waited for so long counts twice. */
const AGED: Millis = 5_000;
/** Values that differ by less count as near: of those an earlier deadline goes first. */
const NEAR = Math.log(1.25);

/**
 * Which load goes before which.
 *
 * 1. By stage: pins, then what a draining server is to be rid of, then class by class, then copies by demand.
 * 2. Of one stage what the operator's word brings goes before what tenants ask for. Over these it is deficit round robin
 *    (Shreedhar and Varghese, SIGCOMM 1995): each tenant earns load seconds alike, and pays for its loads what they should
 *    take. With rounds as short as one likes, what stands nth in line of a tenant has its turn after
 *
 *        rounds = (predicted seconds of its first n loads - the tenant's deficit) / 1
 *
 *    and the load with the fewest goes first. Tenants that wait for the same model earn and pay for it together. A load
 *    without a waiting request, which refused requests have left a wish for, goes last. Under a storm every model is
 *    wished for, and each such load would be one less for the waiting requests.
 * 3. Of one tenant a load whose oldest request has waited for `limits.starvation` goes first, the longest wait before
 *    the others, so that a stream of what is worth more keeps no request waiting for ever. Then it is by value, which
 *    is Smith's rule (Naval Research Logistics Quarterly, 1956: weight over processing time), aged:
 *
 *        value = (waiting requests, and 0.25 for a wish) / predicted seconds of the load * (1 + longest wait / 5 s)
 *
 *    Of values within a step of a quarter the earlier deadline goes first, as far as the load can still end before it.
 *
 * What is equal in all that stays in the order in which it was given. It takes one walk over the waiting requests.
 */
export function inPrecedence<One extends Candidate>(
  fleet: Readonly<Fleet>,
  candidates: readonly One[],
  now: Instant,
): InLine<One>[] {
  const askers = askersOf(fleet, candidates, now);
  const byValue = candidates
    .map((one, at) => ({
      one,
      payers: one.isDue ? [] : [...askers[at]!.tenants],
      key: keyOf(fleet, one, askers[at]!, now),
    }))
    .sort((one, other) => compareKeys(one.key, other.key));
  const roundsFor = roundsIn(fleet);
  return byValue
    .map((entry) => ({ ...entry, turn: [entry.one.stage, roundsFor(entry)] }))
    .sort((one, other) => compareKeys(one.turn, other.turn));
}

/** What orders the candidates of one stage, tenants aside. */
function keyOf(
  fleet: Readonly<Fleet>,
  { stage, cost }: Candidate,
  { weight, oldest, deadline }: Askers,
  now: Instant,
): readonly number[] {
  const waited = now - oldest;
  if (weight > 0 && waited >= fleet.limits.starvation) return [stage, 0, oldest];
  const value = (weight / (cost / 1_000)) * (1 + waited / AGED);
  const steps = Math.round(Math.log(value) / NEAR);
  return [stage, 1, -steps, deadline, -value];
}

/** For each in line, asked for one after the other: how many seconds each tenant has to earn until its payers have enough for it. */
function roundsIn(fleet: Readonly<Fleet>): (entry: InLine<Candidate>) => number {
  const spent = new Map<TenantId, Millis>();
  return ({ one, payers }) => {
    if (payers.length === 0) return one.isDue ? -1 : Infinity;
    let ahead = 0;
    for (const tenant of payers) ahead += spent.get(tenant) ?? 0;
    const rounds = (ahead + one.cost - deficitsOf(fleet, payers)) / payers.length;
    for (const tenant of payers) spent.set(tenant, (spent.get(tenant) ?? 0) + one.cost / payers.length);
    return Math.max(0, rounds);
  };
}
