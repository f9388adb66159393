import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aHolding, aSmallModel } from './a-small-model.js';
import { type SmallFleet, smallFleets, type SmallModel, type SmallServer } from './small-fleet.js';
import { trials } from './trials.js';
import type { Verdict } from './verdict.js';

/** Enough for each of what can happen to have happened often. */
const RUNS = Number(process.env['RUNS'] ?? 400);
/** The same fleets in every run; another seed, and more runs, look further. */
const SEED = Number(process.env['SEED'] ?? 4);

describe('the core, against a planner that tries everything', () => {
  it('gives a place, makes leave, lets wait and refuses as that does', () => {
    const seen: Record<Verdict['kind'], number> = {
      'nothing to do': 0,
      room: 0,
      'others leave': 0,
      later: 0,
      'no way': 0,
    };
    fc.assert(
      fc.property(smallFleets, (plan) => {
        for (const { kind, disagreement } of trials(plan)) {
          expect(disagreement).toBeUndefined();
          seen[kind] += 1;
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    const least = Math.floor(RUNS / 40);
    expect(Object.entries(seen).filter(([, count]) => count < least)).toEqual([]);
  });
});

const MODEL = aSmallModel({ gpu: 0 });
const HOLDING = aHolding();
const SERVER: SmallServer = {
  gpus: 1,
  slack: [0, 0],
  isZoned: false,
  strangers: 'adopt',
  state: 'up',
  hasEvicted: false,
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
  evictions: 100,
  slots: { ofServer: 16, ofDevice: 16 },
  demands: [{ kind: 'request', of: 0, wait: 10_000 }],
});

describe('a fleet on which the core was wrong once', () => {
  it.each([
    { shape: 'of two copies one may go, and the older frees nothing', plan: fleetOf({ host: 0 }) },
    { shape: 'of two copies one may go, and the older frees the host alone', plan: fleetOf({ host: 1 }) },
  ])('is judged as by the planner: $shape', ({ plan }) => {
    expect([...trials(plan)]).toEqual([{ kind: 'others leave', disagreement: undefined }]);
  });
});
