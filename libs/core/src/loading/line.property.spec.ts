import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { type Fleet, type ModelId, nextWake } from '../index.js';
import { isInsertable, unfitIn, type Picture, pictureOf } from '../../../../test/support/brute-force.js';

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

interface Small {
  readonly servers: readonly (readonly number[])[];
  /** What is warm at first; of these `resident` ends its residency later. */
  readonly warm: readonly string[];
  readonly resident: string;
  readonly asks: readonly {
    readonly model: string;
    readonly wait: number;
    readonly lease: number;
    readonly after: number;
  }[];
}

const small: fc.Arbitrary<Small> = fc.record({
  servers: fc.constantFrom([[10]], [[10, 10]], [[10], [10]], [[10, 10], [10]]),
  warm: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 }),
  resident: fc.constantFrom(...NAMES),
  asks: fc.array(
    fc.record({
      model: fc.constantFrom(...NAMES),
      wait: fc.integer({ min: 2, max: 30 }).map((n) => n * 1_000),
      lease: fc.constantFrom(0, 2_000),
      after: fc.constantFrom(0, 0, 0, 400, 1_500),
    }),
    { minLength: 3, maxLength: 10 },
  ),
});

function begin({ servers, warm, resident }: Small): CoreDriver {
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
    driver.resolve(id, { lease: 0, wait: 60_000 });
    advance(driver, TOOK[id]!);
  }
  advance(driver, 600_000);
  return driver;
}

/** Lets time pass; each load ends after exactly the time that it was forecast to take. */
function advance(driver: CoreDriver, millis: number): void {
  const end = driver.now + millis;
  for (;;) {
    const next = Math.min(
      nextWake(driver.fleet, driver.now),
      ...loads(driver.fleet).map(({ until }) => until),
    );
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

const isCold = ({ fleet }: CoreDriver, model: string): boolean =>
  !fleet.holders.has(model as ModelId) && !fleet.line.has(model as ModelId);

const shown = (picture: Picture): string => JSON.stringify(picture, null, 1);

describe('the line, beside a brute force on small fleets', () => {
  it('promises nothing that does not fit, and refuses nothing that fits beside what was promised', () => {
    const seen = { promised: 0, refused: 0 };
    fc.assert(
      fc.property(small, (one) => {
        const driver = begin(one);
        for (const { model, wait, lease, after } of one.asks) {
          advance(driver, after);
          if (!isCold(driver, model)) {
            driver.resolve(model, { wait, lease });
            continue;
          }
          const before = pictureOf(driver.fleet, driver.now, TOOK);
          const now = driver.now;
          const asked = { model, bytes: SIZES[model]!, took: TOOK[model]!, neededBy: now + wait };
          const answer = driver.answerTo(driver.resolve(model, { wait, lease }));
          if (answer === 'waiting') {
            seen.promised += 1;
            const after = pictureOf(driver.fleet, driver.now, TOOK);
            const wrong = unfitIn(before) ? undefined : unfitIn(after);
            if (wrong) throw new Error(`promised ${model}: ${wrong}\n${shown(before)}\n${shown(after)}`);
          } else if (answer === 'deadline_unreachable' || answer === 'no_capacity') {
            seen.refused += 1;
            const way = isInsertable(before, asked);
            if (way) throw new Error(`${answer} ${JSON.stringify(asked)}: ${way}\n${shown(before)}`);
          }
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS / 4);
  });
});
