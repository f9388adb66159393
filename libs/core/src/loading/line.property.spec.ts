import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Fleet, RequestId } from '../index.js';
import { wakeOf } from '../../../../test/support/decide.js';

const RUNS = Number(process.env['RUNS'] ?? 60);
const SEED = Number(process.env['SEED'] ?? 5);

/** Models of equal and of unequal size; each load takes exactly so long. */
const TOOK: Readonly<Record<string, number>> = {
  a: 1_000,
  b: 2_000,
  c: 3_000,
  d: 2_500,
  e: 4_000,
  f: 1_500,
  g: 2_000,
  h: 3_500,
};
const SIZES: Readonly<Record<string, number>> = { a: 5, b: 5, c: 5, d: 5, e: 10, f: 3, g: 4, h: 7 };
const NAMES = Object.keys(TOOK);

/** At most so long after its order an unload is seen by a look. */
const UNLOAD = 400;

interface Small {
  readonly servers: readonly (readonly number[])[];
  /** What is warm at first; of these `resident` ends its residency later. */
  readonly warm: readonly string[];
  readonly resident: string;
  /** Of every request, so that it is the usual one. */
  readonly lease: number;
  readonly requestRates: readonly {
    readonly model: string;
    readonly wait: number;
    readonly after: number;
  }[];
}

const small: fc.Arbitrary<Small> = fc.record({
  servers: fc.constantFrom([[10]], [[10, 10]], [[10], [10]], [[10, 10], [10]]),
  warm: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 }),
  resident: fc.constantFrom(...NAMES),
  lease: fc.constantFrom(0, 2_000),
  requestRates: fc.array(
    fc.record({
      model: fc.constantFrom(...NAMES),
      // Not to the millisecond: the driver takes one for each unload.
      wait: fc.integer({ min: 2, max: 30 }).map((n) => n * 1_000 + 50),
      after: fc.constantFrom(0, 0, 0, 400, 1_500),
    }),
    { minLength: 3, maxLength: 10 },
  ),
});

function begin({ servers, warm, resident, lease }: Small): CoreDriver {
  const driver = new CoreDriver();
  const limits = {
    ...driver.fleet.limits,
    loadsPerDevice: 1,
    loadsPerServer: 16,
    loadsPerDevicePerMinute: 1_000,
  };
  driver.tell({ kind: 'LimitsSet', limits, defaults: driver.fleet.defaults });
  const parts = { config: '{}', idleUnload: null };
  driver.declare(
    ...NAMES.map((id) =>
      aModel(id, { ...parts, gpuBytes: SIZES[id]!, minResidency: id === resident ? 610_000 : 0 }),
    ),
  );
  for (const [id, took] of Object.entries(TOOK)) driver.loadsTake(id, took);
  servers.forEach((gpus, index) => driver.serve(aServer('st'[index]!, gpus), NAMES));
  for (const id of warm) {
    driver.resolve(id, { lease, wait: 60_000 });
    advance(driver, TOOK[id]!);
  }
  advance(driver, 600_000);
  for (const id of driver.fleet.models.keys()) {
    driver.fleet.usualLeases.set(id, lease);
    // All are worth the same, and so much that no request more makes a difference.
    driver.fleet.requestRates.set(id, { sum: 1e9 / TOOK[id]!, at: driver.now });
  }
  return driver;
}

/** Lets time pass; each load ends after exactly the time that it was forecast to take. */
function advance(driver: CoreDriver, millis: number): void {
  const end = driver.now + millis;
  for (;;) {
    for (const server of driver.shelves.keys()) driver.unloadsTake(server, UNLOAD);
    const next = Math.min(wakeOf(driver.fleet, driver.now), ...loads(driver.fleet).map(({ until }) => until));
    if (next > end) break;
    driver.now = Math.max(driver.now, next);
    const due = loads(driver.fleet).filter(({ until }) => until <= driver.now);
    for (const { model, server } of due) driver.loadEnds(model, server);
    if (due.length === 0) driver.tell();
  }
  driver.now = Math.max(driver.now, end);
  driver.tell();
}

const loads = ({ replicas }: Fleet) =>
  [...replicas.values()].flatMap((one) =>
    one.phase === 'loading' ? [{ ...one, until: one.orderedAt + TOOK[one.model]! }] : [],
  );

describe('the line, where all takes as long as was forecast', () => {
  it('keeps every promise', () => {
    const seen = { promised: 0, refused: 0 };
    fc.assert(
      fc.property(small, (one) => {
        const driver = begin(one);
        const promised: string[] = [];
        for (const { model, wait, after } of one.requestRates) {
          advance(driver, after);
          const id = driver.resolve(model, { wait, lease: one.lease });
          if (driver.fleet.promises.get(id as RequestId) != null) promised.push(id);
          else if (driver.answerTo(id) !== 'waiting') seen.refused += 1;
        }
        advance(driver, 60_000);
        seen.promised += promised.length;
        const broken = promised.filter((id) => !['s', 't'].includes(driver.answerTo(id)));
        expect(broken.map((id) => driver.refusalOf(id))).toEqual([]);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS / 4);
  });
});
