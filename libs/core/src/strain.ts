import type { Fleet } from './fleet.js';
import type { ModelId } from './ids.js';
import type { Instant, Millis, Model } from './model.js';
import { standingCopies } from './pins.js';
import type { Sample, Strain } from './strain-state.js';

/** So many requests in the queue of each copy are more than its batches wait for. */
const STANDING = 4;
/** They have to stand in so many looks and for so long. */
const LOOKS = 3;
const STANDING_FOR: Millis = 6_000;
/** So long one copy fewer has to do before one is let go. */
export const EASY_FOR: Millis = 300_000;
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

/** Copies that a model is to have though nobody waits for it. */
export const steadyCopies = (fleet: Readonly<Fleet>, id: ModelId): number =>
  Math.max(standingCopies(fleet.models.get(id)), copiesByDemand(fleet, id));

/** Whether requests have stood for so long that one copy more is due. */
export const isStrained = ({ standing }: Strain): boolean =>
  standing !== null && standing.looks >= LOOKS && standing.until - standing.since >= STANDING_FOR;

/** The copies that serve a model at a moment, and whether their number is changing. */
export interface Serving {
  readonly copies: number;
  readonly isChanging: boolean;
  readonly now: Instant;
}

/** What new samples make of the strain of a model. */
export function felt(before: Strain, samples: Strain['samples'], serving: Serving): Strain {
  const { copies, isChanging, now } = serving;
  const queue = sum(samples, (one) => one.queue);
  const isStanding = queue >= STANDING * copies;
  const { since, looks } = before.standing ?? { since: now, looks: 0 };
  const { carries } = before;
  const felt: Strain = {
    copies: before.copies,
    standing: isStanding && !isChanging ? { since, until: now, looks: looks + 1 } : null,
    easySince: null,
    carries: carries === 0 || isStanding ? carries : Math.max(carries, carriedBy(samples, copies)),
    samples,
    isAlone: before.isAlone,
  };
  return isChanging || !isEasy(felt, copies) ? felt : { ...felt, easySince: before.easySince ?? now };
}

/** Whether one copy fewer would serve what is asked, and have no queue to speak of. */
function isEasy({ copies, carries, samples }: Strain, ready: number): boolean {
  const left = Math.max(ready, copies) - 1;
  if (left === 0 || 2 * sum(samples, (one) => one.queue) >= STANDING * left) return false;
  return carries === 0 || sum(samples, (one) => one.rate) <= AT_EASE * carries * left;
}

/** Requests a second that each of so many copies serves. */
export const carriedBy = (samples: Strain['samples'], copies: number): number =>
  sum(samples, (one) => one.rate) / Math.max(1, copies);

const sum = (samples: Strain['samples'], of: (one: Sample) => number): number => {
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
  samples: new Map(),
  isAlone: false,
};
