import type { Fleet } from '../fleet.js';
import type { Ledger } from '../ledger.js';
import type { Model } from '../model.js';
import type { Harm } from '../offer.js';
import { byHarm, knownHarmOn, leastHarm, leastHarmAt, leastHarmOn } from './offers.js';
import type { Place } from './places.js';
import { harmOf, type Plan, planFor } from './plan-victims.js';
import type { Settled } from '../replica.js';
import type { Site } from './sites.js';
import { neededAt, victimsAt, type VictimTest } from './victims.js';
import type { Want } from './wants.js';

/**
 * The plan that hurts least, wherever that is. Sites are looked at by what it hurts at least to free anything there, then
 * their places by what that hurts at least, and each is planned only while it could be better than the best so far.
 */
export function bestPlan(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  isVictim: VictimTest,
): Plan | undefined {
  let best: (Turn & { readonly plan: Plan }) | undefined;
  const isBeaten = (turn: Turn): boolean => best !== undefined && byTurn(turn, best) > 0;
  for (const prospect of sitesByTurn(fleet, sites, want.model)) {
    if (isBeaten(prospect)) break;
    const places = placesOf(fleet, prospect).filter((one) => !isBeaten(one));
    for (const { place, ...turn } of placesByTurn(places, fleet, ledger, want, isVictim)) {
      if (isBeaten(turn)) break;
      const plan = planFor(fleet, ledger, place, want, victimsAt(fleet, isVictim, place, ledger));
      const found = plan && { ...turn, harm: harmOf(plan.victims), plan };
      if (found && !isBeaten(found)) best = found;
    }
  }
  return best?.plan;
}

/** What it hurts to free a place, and where that stands among all. */
interface Turn {
  readonly harm: Harm;
  readonly site: number;
  readonly at: number;
}

const byTurn = (one: Turn, other: Turn): number =>
  byHarm(one.harm, other.harm) || one.site - other.site || one.at - other.at;

interface SiteTurn extends Turn {
  readonly of: Site;
}

/**
 * The sites on which anything may be freed, by what that hurts at least. What is known of each, which uses may have outdated,
 * is worked out anew when its turn comes: most never do (the lazy evaluation of Minoux, 1978).
 */
function* sitesByTurn(fleet: Fleet, sites: readonly Site[], model: Model): Iterable<SiteTurn> {
  const queue: SiteTurn[] = [];
  sites.forEach((of, site) => {
    const harm = knownHarmOn(fleet, of.server, model);
    if (harm) queue.push({ of, harm, site, at: 0 });
  });
  queue.sort(byTurn);
  for (let first = queue.shift(); first; first = queue.shift()) {
    const { of, site } = first;
    const turn = { of, harm: leastHarmOn(fleet, of.server, model)!, site, at: 0 };
    const [next] = queue;
    if (!next || byTurn(turn, next) < 0) yield turn;
    else queue.splice(placeIn(queue, turn), 0, turn);
  }
}

function placeIn(queue: readonly SiteTurn[], turn: SiteTurn): number {
  const at = queue.findIndex((other) => byTurn(turn, other) < 0);
  return at < 0 ? queue.length : at;
}

interface PlaceTurn extends Turn {
  readonly place: Place;
}

/** The places of a site where enough rests, with what it hurts at least to free each, whoever may go. */
function placesOf(fleet: Fleet, { of, site }: SiteTurn): PlaceTurn[] {
  const found: PlaceTurn[] = [];
  for (const [at, place] of of.places.entries()) {
    const harm = leastHarmAt(fleet, place.server, place.bookings);
    if (harm) found.push({ place, harm, site, at });
  }
  return found;
}

/** Those that may be freed, by what that hurts at least. */
function placesByTurn(
  places: readonly PlaceTurn[],
  fleet: Fleet,
  ledger: Ledger,
  want: Want,
  isVictim: VictimTest,
): PlaceTurn[] {
  const found: PlaceTurn[] = [];
  for (const one of places) {
    const { place } = one;
    const needed = neededAt(fleet, place, want);
    const mayGo = (one: Settled): boolean => !needed.has(one.id) && isVictim(one);
    const harm = leastHarm(fleet, ledger, place.bookings, mayGo);
    if (harm) found.push({ ...one, harm });
  }
  return found.sort(byTurn);
}
