import type { Holding, SmallModel } from './small-fleet.js';

/** A model of one unit that asks for nothing special. */
export const aSmallModel = (parts: Partial<SmallModel> = {}): SmallModel => ({
  gpu: 1,
  host: 0,
  isConfigured: false,
  spreadsOver: 0,
  needs: [],
  isEnsemble: false,
  zone: null,
  isSpread: false,
  pinned: 0,
  minResidency: 0,
  isEnabled: true,
  isReplaced: false,
  class: 'default',
  isRetired: false,
  isDoubted: false,
  ...parts,
});

/** A copy that is ready, at rest and free to go. */
export const aHolding = (parts: Partial<Holding> = {}): Holding => ({
  phase: 'ready',
  way: 0,
  isYoung: false,
  lastUse: 0,
  lease: 0,
  isQueued: false,
  isStranger: false,
  isFailing: false,
  isOdd: false,
  ...parts,
});
