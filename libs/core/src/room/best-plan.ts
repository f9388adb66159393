import type { Fleet } from '../fleet/fleet.js';
import { Heap } from '../numbers/heap.js';
import type { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import type { Harm } from './offer.js';
import type { Settled } from '../fleet/replica.js';
import { leastOnGpu } from './gaps.js';
import { byHarm, knownHarmAt, knownHarmOn, leastHarm, leastHarmOn } from './offers.js';
import type { Place } from './places.js';
import { harmOf, type EvictionPlan, planFor } from './plan-victims.js';
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
    if (first.kind === 'plan') return first.plan;
    for (const one of closer(search, first)) prospects.add(one);
  }
  return undefined;
}

interface PlanSearch {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly want: Want;
  readonly isVictim: VictimTest;
}

/** The least eviction cost of a prospect, and its place in the order of sites. */
interface Turn {
  readonly harm: Harm;
  readonly site: number;
  readonly at: number;
}

const byTurn = (one: Turn, other: Turn): number =>
  byHarm(one.harm, other.harm) || one.site - other.site || one.at - other.at;

/**
 * What may lead to a plan, by how much is known of it:
 *
 *   site ──> site now ──> place ──> place now ──> plan
 *
 * The cost of a site and a place is first that of the last query, as if all copies might leave: uses since then may have
 * raised it. Then it is worked out anew, for the place with only those copies that may leave.
 */
type Prospect = SiteAhead | PlaceAhead | Planned;

interface SiteAhead extends Turn {
  readonly kind: 'site' | 'siteNow';
  readonly of: Site;
  /** The least that the model books on a GPU there. */
  readonly bytes: Bytes;
}

interface PlaceAhead extends Turn {
  readonly kind: 'place' | 'placeNow';
  readonly place: Place;
}

interface Planned extends Turn {
  readonly kind: 'plan';
  readonly plan: EvictionPlan;
}

/** The sites on which enough could be freed. */
function sitesIn({ fleet, want }: PlanSearch, sites: readonly Site[]): Prospect[] {
  const bytesOn = leastOnGpu(fleet, want.model);
  const found: Prospect[] = [];
  for (const [site, of] of sites.entries()) {
    const bytes = bytesOn(of.server);
    const harm = knownHarmOn(fleet, of.server, bytes);
    if (harm) found.push({ kind: 'site', harm, site, at: 0, of, bytes });
  }
  return found;
}

/** The prospects that a prospect leads to, looked at one step more closely; none where it leads to no plan. */
function closer(search: PlanSearch, one: SiteAhead | PlaceAhead): Prospect[] {
  switch (one.kind) {
    case 'site':
      return siteNow(search, one);
    case 'siteNow':
      return placesOf(search, one);
    case 'place':
      return placeNow(search, one);
    case 'placeNow':
      return planned(search, one);
  }
}

function siteNow({ fleet }: PlanSearch, one: SiteAhead): Prospect[] {
  const harm = leastHarmOn(fleet, one.of.server, one.bytes);
  return harm ? [{ ...one, kind: 'siteNow', harm }] : [];
}

/** The places of a site where enough could be freed. */
function placesOf({ fleet }: PlanSearch, { of, site }: SiteAhead): Prospect[] {
  const found: Prospect[] = [];
  for (const [at, place] of of.places.entries()) {
    const harm = knownHarmAt(fleet, of.server, place.bookings);
    if (harm) found.push({ kind: 'place', harm, site, at, place });
  }
  return found;
}

function placeNow({ fleet, ledger, want, isVictim }: PlanSearch, one: PlaceAhead): Prospect[] {
  const { place, site, at } = one;
  const needed = neededAt(fleet, place, want);
  const mayGo = (other: Settled): boolean => !needed.has(other.id) && isVictim(other);
  const harm = leastHarm(fleet, ledger, place.bookings, mayGo);
  return harm ? [{ kind: 'placeNow', harm, site, at, place }] : [];
}

function planned({ fleet, ledger, want, isVictim }: PlanSearch, { place, site, at }: PlaceAhead): Prospect[] {
  const plan = planFor(fleet, ledger, place, want, victimsAt(fleet, isVictim, place, ledger));
  return plan ? [{ kind: 'plan', harm: harmOf(plan.victims), site, at, plan }] : [];
}
