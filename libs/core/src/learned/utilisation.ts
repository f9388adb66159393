import type { Now } from '../numbers/now.js';
import type { Utilisation } from '../fleet/kept.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Millis, Model } from '../fleet/model.js';
import { total } from '../numbers/groups.js';

/** A queue stands with so many requests for each copy: more than a batch in the making holds back. */
const STANDING = 4;
/** One copy more is due once the copies did not keep up in so many looks and for so long. */
const LOOKS = 3;
const STANDING_FOR: Millis = 6_000;
/** One copy leaves once one fewer has been enough for so long. */
export const EASY_FOR: Millis = 300_000;
/** Routes are counted over spans of this length, so that two of them at least make a copy due. */
const COUNTED_OVER: Millis = STANDING_FOR;
/** The share of what one copy was seen to carry that counts as its normal load. */
const AT_EASE = 0.7;

/** Whether a model may have copies by demand: it does where `copies.max` is above 1. */
export const mayHaveMore = (model: Model | undefined): model is Model & { maxCopies: number } =>
  model !== undefined && model.enabled && (model.maxCopies ?? 1) > 1;

/** Copies by demand; 0 where demand makes no further copy. */
export function copiesByDemand(fleet: Readonly<Fleet>, id: ModelId): number {
  const copies = fleet.utilisations.get(id)?.copies ?? 1;
  return copies > 1 ? copies : 0;
}

/** Whether one copy more is due. */
export const isOverused = ({ standing }: Utilisation): boolean =>
  standing !== null && standing.looks >= LOOKS && standing.until - standing.since >= STANDING_FOR;

/** How many copies serve a model, and whether their number is changing. */
interface ServingCopies {
  readonly copies: number;
  readonly isChanging: boolean;
  readonly now: Now;
}

/** The utilisation of a model after new samples. */
export function utilisationAfter(
  before: Utilisation,
  samples: Utilisation['samples'],
  serving: ServingCopies,
): Utilisation {
  const { copies, isChanging, now } = serving;
  const isStanding = stands(samples, copies);
  const { since, looks } = before.standing ?? { since: now.stamp, looks: 0 };
  const { carries } = before;
  const felt: Utilisation = {
    copies: before.copies,
    standing: null,
    easySince: null,
    carries: carries === 0 || isStanding ? carries : Math.max(carries, carriedBy(samples, copies)),
    routes: counted(before.routes, now),
    samples,
    isAlone: before.isAlone,
  };
  if (isChanging) return felt;
  if (isStanding || isAskedBeyond(felt, copies))
    return { ...felt, standing: { since, until: now.stamp, looks: looks + 1 } };
  return isEasy(felt, copies) ? { ...felt, easySince: before.easySince ?? now.stamp } : felt;
}

/** Whether the queues of so many copies stand. */
const stands = (samples: Utilisation['samples'], copies: number): boolean =>
  total(samples.values(), (one) => one.queue) >= STANDING * copies;

/**
 * Whether callers get routes faster than the copies serve requests:
 *
 *     routes a second > carries * copies, and served a second >= 0.7 * carries * copies
 *
 * A route is for at least one request, so the copies do not keep up, though Triton's queues do not show it where callers
 * wait for answers. It is not known before one copy was seen at its limit (`carries`). Where copies are not busy the
 * routes were not used; so `isEasy` goes by what is served alone.
 */
function isAskedBeyond({ carries, routes, samples }: Utilisation, copies: number): boolean {
  const most = carries * copies;
  return carries > 0 && routes.rate > most && total(samples.values(), (one) => one.rate) >= AT_EASE * most;
}

/** The utilisation of a model of which another number of copies is wanted. What its copies served so far is what they carry. */
export function withCopies(utilisation: Utilisation, copies: number): Utilisation {
  const wanted: Utilisation = { ...utilisation, copies, standing: null, easySince: null };
  if (copies <= utilisation.copies) return wanted;
  const carried = carriedBy(utilisation.samples, copies - 1);
  // Where nothing stands they might serve more than they do.
  const carries = stands(utilisation.samples, copies - 1) ? carried : Math.max(utilisation.carries, carried);
  return { ...wanted, carries };
}

/** Counts routes to a model that may have several copies. */
export function countRoutes(fleet: Fleet, id: ModelId, more: number): void {
  const utilisation = fleet.utilisations.get(id);
  if (!utilisation) return;
  const { routes } = utilisation;
  fleet.utilisations.set(id, { ...utilisation, routes: { ...routes, count: routes.count + more } });
}

/** Where a span is over, its rate is kept and a new one begins. */
function counted(routes: Utilisation['routes'], now: Now): Utilisation['routes'] {
  const span = now.stamp - routes.since;
  return span < COUNTED_OVER ? routes : { since: now.stamp, count: 0, rate: (1_000 * routes.count) / span };
}

/** Whether one copy fewer would serve what is asked, with half a standing queue at most. */
function isEasy({ copies, carries, samples }: Utilisation, ready: number): boolean {
  const left = Math.max(ready, copies) - 1;
  if (left === 0 || 2 * total(samples.values(), (one) => one.queue) >= STANDING * left) return false;
  return carries === 0 || total(samples.values(), (one) => one.rate) <= AT_EASE * carries * left;
}

/** Requests a second that each of so many copies serves. */
const carriedBy = (samples: Utilisation['samples'], copies: number): number =>
  total(samples.values(), (one) => one.rate) / Math.max(1, copies);

/** The utilisation of a model before its first look. */
export const AT_REST: Utilisation = {
  copies: 1,
  standing: null,
  easySince: null,
  carries: 0,
  routes: { since: -Infinity, count: 0, rate: 0 },
  samples: new Map(),
  isAlone: false,
};
