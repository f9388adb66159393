import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { FailureCause } from '../index.js';
import { Ledger } from '../memory/ledger.js';
import { unsatisfiedPins } from '../explain/view.js';

/** Enough for copies to have been moved often. */
const RUNS = Number(process.env['RUNS'] ?? 40);
const SEED = Number(process.env['SEED'] ?? 7);

/** What is to stay warm, and large models that need not stay. */
const KEPT = [
  aModel('a', { gpuBytes: 4, pinnedCopies: 1 }),
  aModel('b', { gpuBytes: 3, pinnedCopies: 1, minResidency: 20_000 }),
  aModel('c', { gpuBytes: 4, minCopies: 1, class: 'critical' }),
];
const LARGE = [aModel('x', { gpuBytes: 8 }), aModel('y', { gpuBytes: 7 }), aModel('z', { gpuBytes: 10 })];
const NAMES = [...KEPT, ...LARGE].map(({ id }) => id);
const SERVERS = ['t', 'u', 'v'];

type Happening =
  | { readonly kind: 'asked'; readonly model: string; readonly lease: number; readonly wait: number }
  | { readonly kind: 'loaded'; readonly outcome: 'succeeded' | FailureCause }
  | { readonly kind: 'passed'; readonly millis: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constant('asked' as const),
    model: fc.constantFrom<string>(...NAMES),
    lease: fc.constantFrom(0, 10_000, 90_000),
    wait: fc.constantFrom(5_000, 60_000, 300_000),
  }),
  fc.record({
    kind: fc.constant('loaded' as const),
    outcome: fc.constantFrom('succeeded' as const, 'succeeded' as const, 'capacity' as const),
  }),
  fc.record({ kind: fc.constant('passed' as const), millis: fc.constantFrom(1_000, 20_000, 61_000) }),
);

/** The kept models one on each server, and what happens to them. */
function begin(): CoreDriver {
  const driver = new CoreDriver().declare(...LARGE);
  for (const [index, server] of SERVERS.entries()) {
    driver.serve(aServer(server, [10]), NAMES);
    driver.declare({ ...KEPT[index]!, require: {} });
    endLoads(driver, 'succeeded');
  }
  return driver;
}

function endLoads(driver: CoreDriver, outcome: 'succeeded' | FailureCause): void {
  for (const server of SERVERS) {
    for (const model of NAMES) if (driver.isLoading(model, server)) driver.loadEnds(model, server, outcome);
  }
}

function happens(driver: CoreDriver, one: Happening): void {
  if (one.kind === 'asked') driver.resolve(one.model, { lease: one.lease, wait: one.wait });
  else if (one.kind === 'loaded') endLoads(driver, one.outcome);
  else driver.pass(one.millis);
}

const isOverbooked = ({ fleet }: CoreDriver): boolean => {
  const ledger = new Ledger(fleet);
  return [...fleet.servers.values()]
    .flatMap(({ devices }) => devices ?? [])
    .some(({ account }) => ledger.free(account) < 0 || ledger.spare(account) < 0);
};

const isWarm = (driver: CoreDriver, model: string): boolean =>
  SERVERS.some((server) => driver.phase(model, server) === 'ready');

describe('moves, whatever is asked for', () => {
  it('make nothing cold that is to be warm, leave no pin unmet and promise no memory twice', () => {
    let moved = 0;
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 25 }), (happenings) => {
        const driver = begin();
        for (const one of happenings) {
          happens(driver, one);
          moved += driver.log.filter(isForMove).length > 0 ? 1 : 0;
          expect(unsatisfiedPins(driver.fleet)).toEqual([]);
          expect(KEPT.filter(({ id }) => !isWarm(driver, id))).toEqual([]);
          expect(isOverbooked(driver)).toBe(false);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(moved).toBeGreaterThan(RUNS / 10);
  });
});

/** Nothing but a move lets go of what is pinned or kept warm here. */
const isForMove = (action: CoreDriver['log'][number]): boolean =>
  action.kind === 'unload' && action.cause === 'evicted' && KEPT.some(({ id }) => id === action.model);
