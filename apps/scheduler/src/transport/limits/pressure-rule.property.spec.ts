import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PressureLevel } from '#core';
import { calledFor, heard, highest, type Reading } from './pressure-rule.js';

const RUNS = Number(process.env['RUNS'] ?? 500);
const LEVELS: readonly PressureLevel[] = ['none', 'high', 'severe', 'extreme'];

const lag = fc.oneof(
  fc.double({ min: 0, max: 3_000, noNaN: true }),
  fc.constantFrom(0, 50, 51, 200, 201, 1_001),
);
const reading = fc.record({ lag, heap: fc.double({ min: 0, max: 1, noNaN: true }) });
const shedAtLag = fc.option(fc.integer({ min: 1, max: 500 }), { nil: null });

const rankOf = (level: PressureLevel): number => LEVELS.indexOf(level);

/** The level after each of the readings. */
function levels(readings: readonly Reading[], at: number | null): number[] {
  let called: readonly PressureLevel[] = [];
  return readings.map((one) => {
    called = heard(called, calledFor(one, at));
    return rankOf(highest(called));
  });
}

/** The same readings, some of them worse. */
const worse = fc
  .array(
    fc.tuple(
      reading,
      fc.double({ min: 0, max: 2_000, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
  )
  .map((all) => ({
    mild: all.map(([one]) => one),
    bad: all.map(([one, more, heap]) => ({ lag: one.lag + more, heap: Math.max(one.heap, heap) })),
  }));

describe('the pressure of a process', () => {
  it('is never lower for readings that are worse', () => {
    fc.assert(
      fc.property(worse, shedAtLag, ({ mild, bad }, at) => {
        const [low, high] = [levels(mild, at), levels(bad, at)];
        expect(low.every((level, nth) => level <= high[nth]!)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('rises at once to what a reading calls for, and no further than any called for', () => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1 }), shedAtLag, (readings, at) => {
        const called = readings.map((one) => rankOf(calledFor(one, at)));
        for (const [nth, level] of levels(readings, at).entries()) {
          expect(level).toBeGreaterThanOrEqual(called[nth]!);
          expect(called.slice(0, nth + 1)).toContain(level);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('falls only after five readings in a row that call for less, and then it does', () => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 6 }), shedAtLag, (readings, at) => {
        const called = readings.map((one) => rankOf(calledFor(one, at)));
        const found = levels(readings, at);
        for (let nth = 5; nth < found.length; nth++)
          expect(found[nth]).toBe(Math.max(...called.slice(nth - 4, nth + 1)));
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps no more readings than count', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...LEVELS), { maxLength: 30 }), (all) => {
        expect(all.reduce<readonly PressureLevel[]>(heard, [])).toEqual(all.slice(-5));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a reading', () => {
  it.each<[lag: number, heap: number, level: PressureLevel]>([
    [0, 0, 'none'],
    [50, 0.85, 'none'],
    [50.1, 0, 'high'],
    [200, 0, 'high'],
    [200.1, 0, 'severe'],
    [1_000, 0, 'severe'],
    [1_000.1, 0, 'extreme'],
    [0, 0.86, 'high'],
    [0, 1, 'high'],
    [300, 1, 'severe'],
  ])('of %d ms and %d of the heap calls for %s', (late, heap, level) => {
    expect(calledFor({ lag: late, heap }, 50)).toBe(level);
  });

  it('calls for nothing by its lag where that is switched off', () => {
    expect(calledFor({ lag: 5_000, heap: 0.5 }, null)).toBe('none');
    expect(calledFor({ lag: 5_000, heap: 0.9 }, null)).toBe('high');
  });
});
