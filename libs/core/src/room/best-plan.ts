import type { Fleet } from '../fleet/fleet.js';
import { Heap } from '../numbers/heap.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { EvictionCost } from './offer.js';
import type { Settled } from '../fleet/replica.js';
import { leastOnGpu } from './gaps.js';
import { byCost, knownCostAt, knownCostOn, leastCost, leastCostOn } from './offers.js';
import type { Place } from './places.js';
import { costOf, type EvictionPlan, planFor } from './plan-victims.js';
import type { Site } from './sites.js';
import { neededAt, victimsAt, type VictimTest } from './victims.js';
import type { Want } from '../demand/wants.js';

/**
 * The plan of least eviction cost on any site. A best-first search: the prospect of least possible cost is looked at
 * next, one step more closely. So most sites are never looked at, few places are planned, and the first plan to be taken
 * out costs no more than any other.
 */
export function bestPlan(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  isVictim: VictimTest,
): EvictionPlan | undefined {
  const search = { fleet, ledger, want, isVictim };
  const prospects = new Heap(byTurn, sitesIn(search, sites));
  for (let first = prospects.take(); first; first = prospects.take()) {
    if ('plan' in first) return first.plan;
    for (const one of first.closer()) prospects.add(one);
  }
  return undefined;
}

interface PlanSearch {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly want: Want;
  readonly isVictim: VictimTest;
}

/** The least eviction cost of a prospect, and the numbers of its site and its place. */
interface Turn {
  readonly cost: EvictionCost;
  readonly site: number;
  readonly at: number;
}

const byTurn = (one: Turn, other: Turn): number =>
  byCost(one.cost, other.cost) || one.site - other.site || one.at - other.at;

/**
 * A plan, or what `closer` looks at one step more closely; it leads to no prospects where there is no plan:
 *
 *   site ──> site now ──> place ──> place now ──> plan
 *
 * The cost of a site and a place is first that of the last query, as if all copies might leave: uses since then may have
 * raised it. Then it is worked out anew, for the place with only those copies that may leave.
 */
type Prospect = Turn & ({ readonly plan: EvictionPlan } | { readonly closer: () => Prospect[] });

/** The sites on which enough could be freed. */
function sitesIn(search: PlanSearch, sites: readonly Site[]): Prospect[] {
  const bytesOn = leastOnGpu(search.fleet, search.want.model);
  const found: Prospect[] = [];
  for (const [site, of] of sites.entries()) {
    const bytes = bytesOn(of.server);
    const cost = knownCostOn(search.fleet, of.server, bytes);
    if (cost) found.push({ cost, site, at: 0, closer: () => siteNow(search, of, bytes, site) });
  }
  return found;
}

function siteNow(search: PlanSearch, of: Site, bytes: Bytes, site: number): Prospect[] {
  const cost = leastCostOn(search.fleet, of.server, bytes);
  return cost ? [{ cost, site, at: 0, closer: () => placesOf(search, of, site) }] : [];
}

/** The places of a site where enough could be freed. */
const placesOf = (search: PlanSearch, { server, places }: Site, site: number): Prospect[] =>
  places.flatMap((place, at) => {
    const cost = knownCostAt(search.fleet, server, place.bookings);
    return cost ? [{ cost, site, at, closer: () => placeNow(search, place, site, at) }] : [];
  });

function placeNow(search: PlanSearch, place: Place, site: number, at: number): Prospect[] {
  const { fleet, ledger, want, isVictim } = search;
  const needed = neededAt(fleet, place, want);
  const mayGo = (one: Settled): boolean => !needed.has(one.id) && isVictim(one);
  const cost = leastCost(fleet, ledger, place.bookings, mayGo);
  return cost ? [{ cost, site, at, closer: () => planned(search, place, site, at) }] : [];
}

function planned(search: PlanSearch, place: Place, site: number, at: number): Prospect[] {
  const { fleet, ledger, want, isVictim } = search;
  const plan = planFor(fleet, ledger, place, want, victimsAt(fleet, isVictim, place, ledger));
  return plan ? [{ cost: costOf(plan.victims), site, at, plan }] : [];
}
