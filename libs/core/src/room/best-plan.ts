import type { Fleet } from '../fleet/fleet.js';
import type { Ledger } from '../memory/ledger.js';
import { leastOnGpu } from './gaps.js';
import { byCost, type EvictionCost, knownCostOn, leastCostAt, leastCostOn } from './candidates.js';
import type { Place, Site } from './places.js';
import { costOf, type EvictionPlan, planFor } from './plan-victims.js';
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
  const search = { fleet, ledger, want, isVictim };
  const bytesOn = leastOnGpu(fleet, want.model);
  const prospects: Prospect[] = [];
  for (const [nth, { server }] of sites.entries()) {
    const cost = knownCostOn(fleet, server, bytesOn(server));
    if (cost) prospects.push({ cost, nth, at: 0 });
  }
  let best: Planned | undefined;
  for (const one of prospects.sort(byTurn)) {
    if (isWorse(one, best)) break;
    const { server, places } = sites[one.nth]!;
    // Where copies were used since then an eviction costs more now.
    const cost = leastCostOn(fleet, server, bytesOn(server));
    if (cost && !isWorse({ ...one, cost }, best)) best = bestAmong(search, places, one.nth, best);
  }
  return best?.plan;
}

interface Planned extends Prospect {
  readonly plan: EvictionPlan;
}

const isWorse = (one: Prospect, best: Prospect | undefined): boolean =>
  best !== undefined && byTurn(one, best) > 0;

interface PlanSearch {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly want: Want;
  readonly isVictim: VictimTest;
}

/** The better one of `best` and the best plan for the places of the site with that number. */
function bestAmong(
  { fleet, ledger, want, isVictim }: PlanSearch,
  places: readonly Place[],
  nth: number,
  best: Planned | undefined,
): Planned | undefined {
  const prospects = places.flatMap((place, at) => {
    const cost = leastCostAt(fleet, ledger, place.bookings, isVictim);
    return cost ? [{ cost, nth, at, place }] : [];
  });
  let better = best;
  for (const one of prospects.sort(byTurn)) {
    if (isWorse(one, better)) break;
    const plan = planFor(fleet, ledger, one.place, want, victimsAt(fleet, isVictim, one.place, ledger));
    const found = plan && { cost: costOf(plan.victims), nth, at: one.at, plan };
    if (found && !isWorse(found, better)) better = found;
  }
  return better;
}
