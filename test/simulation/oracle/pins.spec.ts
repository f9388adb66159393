import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitPins, type Fleet, type Model, type Replica } from '#core';
import { furnish } from './furnish.js';
import { pinsFit } from './pins.js';
import { aHolding, aSmallModel } from './a-small-model.js';
import { type SmallFleet, smallFleets, type SmallModel, type SmallServer } from './small-fleet.js';

const RUNS = Number(process.env['RUNS'] ?? 200);
/** The same fleets in every run; another seed, and more runs, look further. */
const SEED = Number(process.env['SEED'] ?? 4);

/** How many copies of each model are to be pinned. */
const pins = fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 6, maxLength: 6 });

const aSmallFleet = (models: readonly SmallModel[], ...servers: Partial<SmallServer>[]): SmallFleet => ({
  models,
  servers: servers.map((parts) => ({
    gpus: 1,
    slack: [9, 9],
    isZoned: false,
    strangers: 'keep',
    state: 'up',
    hasEvicted: false,
    lacks: [],
    configs: [],
    holdings: [],
    ...parts,
  })),
  isOneHost: false,
  hostSlack: null,
  isTied: false,
  evictions: 100,
  slots: { ofServer: 16, ofDevice: 16 },
  demands: [],
});

/** Fleets that the core once judged wrongly. */
const found: readonly { name: string; plan: SmallFleet; copies: readonly number[]; fits: boolean }[] = [
  {
    name: 'of two that a third needs, one has a place only by itself, the other only with the third',
    plan: aSmallFleet(
      [
        aSmallModel({ zone: 'a' }),
        aSmallModel({ gpu: 4, isConfigured: true }),
        aSmallModel({ needs: [0, 1] }),
      ],
      { gpus: 2, slack: [2, 6] },
    ),
    copies: [1, 1, 1],
    fits: true,
  },
  {
    name: 'the files are not there of what one needs',
    plan: aSmallFleet([aSmallModel(), aSmallModel({ needs: [0] })], { lacks: [0] }),
    copies: [0, 1],
    fits: false,
  },
  {
    name: 'the devices are not there over which is spread what one needs',
    plan: aSmallFleet([aSmallModel({ spreadsOver: 2 }), aSmallModel({ needs: [0] })], { gpus: 1 }),
    copies: [0, 1],
    fits: false,
  },
  {
    name: 'one needs what is not to be loaded',
    plan: aSmallFleet([aSmallModel({ isEnabled: false }), aSmallModel({ needs: [0] })], {}),
    copies: [0, 1],
    fits: false,
  },
  {
    name: 'the only copy is to be replaced, and a stranger needs it',
    plan: aSmallFleet([aSmallModel({ isReplaced: true }), aSmallModel({ needs: [0] }), aSmallModel()], {
      holdings: [aHolding({ isFailing: true }), aHolding({ isStranger: true })],
    }),
    copies: [1, 0, 0],
    fits: false,
  },
];

const pinnedIn = (fleet: Fleet, copies: readonly number[]): readonly Model[] =>
  [...fleet.models.values()].map((model, index) => ({ ...model, pinnedCopies: copies[index]! }));

/** Without copies of ours: where pinned ones stand, the core asks beside these, and the oracle does not. */
function onlyStrangers(fleet: Fleet): Fleet {
  const isKept = ({ phase, stranger, server }: Replica): boolean =>
    phase === 'ready' && stranger && fleet.servers.get(server)!.spec.strangers === 'keep';
  const replicas = new Map([...fleet.replicas].filter(([, one]) => isKept(one)));
  const holders = [...fleet.holders].map(
    ([model, ids]) => [model, new Set([...ids].filter((id) => replicas.has(id)))] as const,
  );
  return { ...fleet, replicas, holders: new Map(holders) };
}

describe('whether all pins fit', () => {
  it.each(found)('is known where $name', ({ plan, copies, fits }) => {
    const fleet = furnish(plan);
    const models = pinnedIn(fleet, copies);
    expect([fitPins(fleet, models).fits, pinsFit(fleet, models)]).toEqual([fits, fits]);
  });

  it('is answered yes only where trying every assignment finds one, and mostly there', () => {
    const seen = { fits: 0, missed: 0, not: 0 };
    fc.assert(
      fc.property(smallFleets, pins, (plan, copies) => {
        const fleet = onlyStrangers(furnish(plan));
        const models = pinnedIn(fleet, copies);
        const isAny = pinsFit(fleet, models);
        const { fits } = fitPins(fleet, models);
        expect(fits && !isAny).toBe(false);
        seen[fits ? 'fits' : isAny ? 'missed' : 'not'] += 1;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(seen.missed).toBeLessThanOrEqual(seen.fits / 10);
    expect(Math.min(seen.fits, seen.not)).toBeGreaterThanOrEqual(Math.floor(RUNS / 20));
  });
});
