import type { Fleet } from '../fleet/fleet.js';
import type { Ledger } from '../memory/ledger.js';
import { leastOnGpu } from './gaps.js';
import { byCost, type EvictionCost, knownCostOn, leastCostOn } from './candidates.js';
import { costOf, type EvictionPlan, planFor } from './plan-victims.js';
import type { Site } from './sites.js';
import { victimsAt, type VictimTest } from './victims.js';
import type { Want } from '../demand/wants.js';

/** The least that an eviction could cost on a site, and the number of that site. */
interface Bound {
  readonly cost: EvictionCost;
  readonly nth: number;
}

const byBound = (one: Bound, other: Bound): number => byCost(one.cost, other.cost) || one.nth - other.nth;

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
  const bounds = sites.flatMap(({ server }, nth): Bound[] => {
    const cost = knownCostOn(fleet, server, bytesOn(server));
    return cost ? [{ cost, nth }] : [];
  });
  let best: (Bound & { readonly plan: EvictionPlan }) | undefined;
  for (const bound of bounds.sort(byBound)) {
    if (best && byBound(bound, best) > 0) break;
    const { nth } = bound;
    const site = sites[nth]!;
    const cost = leastCostOn(fleet, site.server, bytesOn(site.server));
    // Where copies were used since the bound was worked out an eviction costs more now.
    if (!cost || (best && byBound({ cost, nth }, best) > 0)) continue;
    for (const place of site.places) {
      const plan = planFor(fleet, ledger, place, want, victimsAt(fleet, isVictim, place, ledger));
      const found = plan && { plan, cost: costOf(plan.victims), nth };
      if (found && (!best || byBound(found, best) < 0)) best = found;
    }
  }
  return best?.plan;
}
