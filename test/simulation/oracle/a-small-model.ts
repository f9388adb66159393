import type { SmallModel } from './small-fleet.js';

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
