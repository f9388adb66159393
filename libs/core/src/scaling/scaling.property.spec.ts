import { Now } from '#core';
import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aRequest, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model, ModelId } from '#core';
import { scalingAndRemovals, scalingOf } from './scaling.js';
import { beginWaiting } from '../fleet/waiting.js';

const MODELS = 8;
const numRuns = 60;
const nameOf = (at: number): string => `m${at}`;

interface Play {
  readonly gpus: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  readonly pins: readonly number[];
  readonly warm: readonly number[];
  readonly wait: number;
  readonly more: number;
}

const plays: fc.Arbitrary<Play> = fc.record({
  gpus: fc.array(fc.array(fc.integer({ min: 6, max: 30 }), { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
  sizes: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: MODELS, maxLength: MODELS }),
  pins: fc.array(fc.nat({ max: 2 }), { minLength: MODELS, maxLength: MODELS }),
  warm: fc.array(fc.nat({ max: MODELS - 1 }), { maxLength: 8 }),
  wait: fc.nat({ max: 700_000 }),
  more: fc.nat({ max: MODELS - 1 }),
});

function worldOf({ gpus, sizes, pins, warm, wait }: Play): CoreDriver {
  const names = sizes.map((_, at) => nameOf(at));
  const world = new CoreDriver().declare(
    ...sizes.map((gpuBytes, at) =>
      aModel(nameOf(at), { gpuBytes, pinnedCopies: Math.max(0, pins[at]! - 1) }),
    ),
  );
  for (const [at, sized] of gpus.entries()) world.serve(aServer(`s${at}`, sized), names);
  for (const at of warm) world.resolve(nameOf(at));
  for (const { model, server, phase } of [...world.fleet.replicas.values()]) {
    if (phase === 'loading' && world.isLoading(model, server)) world.loadEnds(model, server);
  }
  world.now += wait;
  return world;
}

const wantedBy = ({ fleet, now }: CoreDriver): number => scalingOf(fleet, new Now(now)).wanted;

/** Without a turn: what is decided on the demand may change the rest of the fleet. */
function raise(world: CoreDriver, what: number, at: number): void {
  const { fleet, now } = world;
  const id = nameOf(at) as ModelId;
  if (what === 0) beginWaiting(fleet, aRequest('more', id, now));
  if (what === 1) fleet.requestRates.set(id, { sum: 1, at: now });
  if (what === 2) fleet.bestEffort.set(id, { until: now + 1, admin: true, since: now });
  if (what > 2) pin(fleet.models.get(id)!, world, what);
}

function pin(model: Model, { fleet }: CoreDriver, copies: number): void {
  fleet.models.set(model.id, { ...model, pinnedCopies: Math.max(model.pinnedCopies, copies) });
  fleet.index.models = null;
}

describe('the numbers for autoscalers', () => {
  it('never want fewer servers for more demand', () => {
    fc.assert(
      fc.property(plays, fc.nat({ max: 5 }), (play, what) => {
        const world = worldOf(play);
        const before = wantedBy(world);
        raise(world, what, play.more);
        return wantedBy(world) >= before;
      }),
      { numRuns },
    );
  });

  it('never want fewer servers than hold what is needed, byte by byte', () => {
    fc.assert(
      fc.property(plays, (play) => {
        const world = worldOf(play);
        const { wanted, wantedBytes } = scalingOf(world.fleet, new Now(world.now));
        if (play.gpus.length === 0) return wantedBytes === 0 || wanted === 1;
        const sums = play.gpus.map((sized) => sized.reduce((a, b) => a + b, 0)).toSorted((a, b) => a - b);
        return wanted * sums[Math.floor((sums.length - 1) / 2)]! >= wantedBytes;
      }),
      { numRuns },
    );
  });

  it('list each server once, by cost, and those that cannot be spared last', () => {
    fc.assert(
      fc.property(plays, (play) => {
        const world = worldOf(play);
        const told = scalingAndRemovals(world.fleet, new Now(world.now)).removals;
        const keys = told.map(({ reason, cost }) => (reason === 'no_room' ? 1e12 : 0) + cost);
        return (
          new Set(told.map(({ server }) => server)).size === world.fleet.servers.size &&
          told.length === world.fleet.servers.size &&
          keys.every((key, at) => at === 0 || keys[at - 1]! <= key) &&
          told.every(({ models, cost, reason }) => models > 0 || (cost === 0 && reason !== 'no_room'))
        );
      }),
      { numRuns },
    );
  });

  it('change nothing', () => {
    fc.assert(
      fc.property(plays, (play) => {
        const world = worldOf(play);
        const before = JSON.stringify([
          ...world.fleet.replicas,
          ...world.fleet.waiting,
          ...world.fleet.bestEffort,
        ]);
        scalingOf(world.fleet, new Now(world.now));
        scalingAndRemovals(world.fleet, new Now(world.now));
        return (
          JSON.stringify([...world.fleet.replicas, ...world.fleet.waiting, ...world.fleet.bestEffort]) ===
          before
        );
      }),
      { numRuns },
    );
  });
});
