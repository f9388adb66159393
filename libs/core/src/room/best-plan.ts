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
 * The plan that hurts least, wherever that is. What may lead to one is looked at by what that hurts at least, and each time
 * only as closely as it takes to know better: most sites are never looked at, and few places planned. So the first plan whose
 * turn it is hurts no more than any other.
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

/** What it hurts at least to free something, and where that stands among all. */
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
 * Of a site and a place the least eviction cost at the last query is known first, as if all copies might go. Uses may
 * have outdated it. Then the cost now is found: for the site as before, for the place with only those copies that may
 * go.
 */
type Prospect = SiteAhead | PlaceAhead | Planned;

interface SiteAhead extends Turn {
  readonly kind: 'site' | 'siteNow';
  readonly of: Site;
  /** What the model books there at least. */
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

/** The sites on which anything may be freed. */
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

/** What becomes of a prospect that is looked at more closely; nothing where it leads to no plan. */
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

/** The places of a site where enough rests. */
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
