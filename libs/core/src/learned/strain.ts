import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis, Model } from '../fleet/model.js';
import { standingCopies } from '../memory/pins.js';
import type { Sample, Strain } from './strain-state.js';

/** So many requests in the queue of each copy are more than its batches wait for. */
const STANDING = 4;
/** They have to stand in so many looks and for so long. */
const LOOKS = 3;
const STANDING_FOR: Millis = 6_000;
/** So long one copy fewer has to do before one is let go. */
export const EASY_FOR: Millis = 300_000;
/** Routes are counted over so long, as long as a strain has to last: two such spans at least have to agree. */
const COUNTED_OVER: Millis = STANDING_FOR;
/** As much of what one copy was seen to carry is expected of it at ease. */
const AT_EASE = 0.7;

/** Whether copies of a model are made by demand: only where it was said that there may be several. */
export const mayHaveMore = (model: Model | undefined): model is Model & { maxCopies: number } =>
  model !== undefined && model.enabled && (model.maxCopies ?? 1) > 1;

/** Copies that demand makes of a model that has one; 0 where there is no more than that. */
export function copiesByDemand(fleet: Readonly<Fleet>, id: ModelId): number {
  const copies = fleet.strains.get(id)?.copies ?? 1;
  return copies > 1 ? copies : 0;
}

/** Copies that a model is to have though no request waits for it. */
export const steadyCopies = (fleet: Readonly<Fleet>, id: ModelId): number =>
  Math.max(standingCopies(fleet.models.get(id)), copiesByDemand(fleet, id));

/** Whether more has been asked for so long that one copy more is due. */
export const isStrained = ({ standing }: Strain): boolean =>
  standing !== null && standing.looks >= LOOKS && standing.until - standing.since >= STANDING_FOR;

/** The copies that serve a model at a moment, and whether their number is changing. */
export interface ServingCopies {
  readonly copies: number;
  readonly isChanging: boolean;
  readonly now: Instant;
}

/** What new samples make of the strain of a model. */
export function felt(before: Strain, samples: Strain['samples'], serving: ServingCopies): Strain {
  const { copies, isChanging, now } = serving;
  const isStanding = stands(samples, copies);
  const { since, looks } = before.standing ?? { since: now, looks: 0 };
  const { carries } = before;
  const felt: Strain = {
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
    return { ...felt, standing: { since, until: now, looks: looks + 1 } };
  return isEasy(felt, copies) ? { ...felt, easySince: before.easySince ?? now } : felt;
}

/** Whether requests stand in the queues of so many copies. */
export const stands = (samples: Strain['samples'], copies: number): boolean =>
  sumOfSamples(samples, (one) => one.queue) >= STANDING * copies;

/**
 * Whether callers get routes faster than the copies serve requests:
 *
 *     routes a second > carries * copies, and served a second >= 0.7 * carries * copies
 *
 * A route stands for one request at least, so that is more than they ever keep up with, though no queue in Triton shows it
 * where callers send no more at once than is answered. It tells nothing before one copy was seen at its limit (`carries`);
 * nor where the copies are not busy, since then all that is sent is served: those routes were given and not used. For the
 * same reason what is served alone says whether one copy fewer would do.
 */
function isAskedBeyond({ carries, routes, samples }: Strain, copies: number): boolean {
  const most = carries * copies;
  return carries > 0 && routes.rate > most && sumOfSamples(samples, (one) => one.rate) >= AT_EASE * most;
}

/** Counts routes to a model of which there may be more copies. */
export function countRoutes(fleet: Fleet, id: ModelId, more: number): void {
  const strain = fleet.strains.get(id);
  if (!strain) return;
  const { routes } = strain;
  fleet.strains.set(id, { ...strain, routes: { ...routes, count: routes.count + more } });
}

/** The rate of a span that is over; a new one begins. */
function counted(routes: Strain['routes'], now: Instant): Strain['routes'] {
  const span = now - routes.since;
  return span < COUNTED_OVER ? routes : { since: now, count: 0, rate: (1_000 * routes.count) / span };
}

/** Whether one copy fewer would serve what is asked, and have no queue to speak of. */
function isEasy({ copies, carries, samples }: Strain, ready: number): boolean {
  const left = Math.max(ready, copies) - 1;
  if (left === 0 || 2 * sumOfSamples(samples, (one) => one.queue) >= STANDING * left) return false;
  return carries === 0 || sumOfSamples(samples, (one) => one.rate) <= AT_EASE * carries * left;
}

/** Requests a second that each of so many copies serves. */
export const carriedBy = (samples: Strain['samples'], copies: number): number =>
  sumOfSamples(samples, (one) => one.rate) / Math.max(1, copies);

const sumOfSamples = (samples: Strain['samples'], of: (one: Sample) => number): number => {
  let total = 0;
  for (const sample of samples.values()) total += of(sample);
  return total;
};

/** A model of which demand made no copy yet. */
export const AT_REST: Strain = {
  copies: 1,
  standing: null,
  easySince: null,
  carries: 0,
  routes: { since: -Infinity, count: 0, rate: 0 },
  samples: new Map(),
  isAlone: false,
};
