import type { Fleet } from '../fleet/fleet.js';
import type { Ledger } from '../memory/ledger.js';
import { leastOnGpu } from './gaps.js';
import { byCost, type EvictionCost, knownCostOn, leastCostAt, leastCostOn } from './candidates.js';
import type { Place } from './places.js';
import { costOf, type EvictionPlan, planFor } from './plan-victims.js';
import type { Site } from './sites.js';
import { victimsAt, type VictimTest } from './victims.js';
import type { Want } from '../demand/wants.js';

/** The least that an eviction could cost on a site or at a place, and the numbers of the site and of the place there. */
interface Prospect {
  readonly cost: EvictionCost;
  readonly nth: number;
  readonly at: number;
}

const byTurn = (one: Prospect, other: Prospect): number =>
  byCost(one.cost, other.cost) || one.nth - other.nth || one.at - other.at;

/**
 * The plan of least eviction cost on any site; of several the first. Sites are looked into in the order of the least that
 * an eviction could cost there, until no other site can have a cheaper plan: so most are never looked into.
 */
export function bestPlan(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  isVictim: VictimTest,
): EvictionPlan | undefined {
  const bytesOn = leastOnGpu(fleet, want.model);
  const bounds: Prospect[] = [];
  for (const [nth, { server }] of sites.entries()) {
    const cost = knownCostOn(fleet, server, bytesOn(server));
    if (cost) bounds.push({ cost, nth, at: 0 });
  }
  let best: (Prospect & { readonly plan: EvictionPlan }) | undefined;
  for (const bound of bounds.sort(byTurn)) {
    if (best && byTurn(bound, best) > 0) break;
    const { nth } = bound;
    const { server, places } = sites[nth]!;
    const least = leastCostOn(fleet, server, bytesOn(server));
    // Where copies were used since the bound was worked out an eviction costs more now.
    if (!least || (best && byTurn({ ...bound, cost: least }, best) > 0)) continue;
    for (const prospect of prospectsAt(fleet, ledger, places, nth, isVictim)) {
      if (best && byTurn(prospect, best) > 0) break;
      const { place, at } = prospect;
      const plan = planFor(fleet, ledger, place, want, victimsAt(fleet, isVictim, place, ledger));
      const found = plan && { plan, cost: costOf(plan.victims), nth, at };
      if (found && (!best || byTurn(found, best) < 0)) best = found;
    }
  }
  return best?.plan;
}

/** The places of a site at which enough may be freed, the one first where that could cost least. */
function prospectsAt(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  nth: number,
  isVictim: VictimTest,
): (Prospect & { readonly place: Place })[] {
  const bounds = places.flatMap((place, at) => {
    const cost = leastCostAt(fleet, ledger, place.bookings, isVictim);
    return cost ? [{ cost, nth, at, place }] : [];
  });
  return bounds.sort(byTurn);
}
