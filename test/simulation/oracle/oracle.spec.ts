import { describe, expect, it } from '@jest/globals';
import { aHolding, aSmallModel } from './a-small-model.js';
import type { SmallFleet, SmallModel, SmallServer } from './small-fleet.js';
import { trials } from './trials.js';

const MODEL = aSmallModel({ gpu: 0 });
const HOLDING = aHolding();
const SERVER: SmallServer = {
  gpus: 1,
  slack: [0, 0],
  isZoned: false,
  strangers: 'adopt',
  state: 'up',
  lacks: [],
  configs: [],
  holdings: [],
};

/** Two full servers of one full host, a pinned model on both of them, and a newcomer that only the second one lists. */
const fleetOf = (pinned: Partial<SmallModel>): SmallFleet => ({
  models: [
    { ...MODEL, host: 1 },
    { ...MODEL, gpu: 5, pinned: 1, ...pinned },
    { ...MODEL, gpu: 1, host: 1 },
  ],
  servers: [
    { ...SERVER, lacks: [2], holdings: [{ ...HOLDING, lastUse: 2 }, HOLDING] },
    { ...SERVER, holdings: [null, { ...HOLDING, lastUse: 1 }] },
  ],
  isOneHost: true,
  hostSlack: 0,
  isTied: false,
  swaps: 100,
  demands: [{ kind: 'request', of: 0, wait: 10_000, class: null }],
});

describe('a fleet on which the core was wrong once', () => {
  it.each([
    { shape: 'of two copies one may go, and the older frees nothing', plan: fleetOf({ host: 0 }) },
    { shape: 'of two copies one may go, and the older frees the host alone', plan: fleetOf({ host: 1 }) },
  ])('is judged as by the planner: $shape', ({ plan }) => {
    expect([...trials(plan)]).toEqual([{ kind: 'others leave', disagreement: undefined }]);
  });
});
