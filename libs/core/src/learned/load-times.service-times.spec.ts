import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { learnService, meanOf, type ServiceTime } from './load-times.js';

const learnAll = (samples: readonly (readonly [served: number, took: number])[]): ServiceTime =>
  samples.reduce<ServiceTime | undefined>(
    (known, [served, took]) => learnService(known, served, took),
    undefined,
  )!;

describe('how long executions take', () => {
  it('is the mean of those that there were', () => {
    expect(
      meanOf(
        learnAll([
          [1, 10],
          [3, 90],
        ]),
      ),
    ).toBe(25);
  });

  it('follows the latest hundred', () => {
    expect(
      meanOf(
        learnAll([
          [10_000, 10_000],
          [100, 5_000],
        ]),
      ),
    ).toBeCloseTo(25.5, 1);
    expect(
      meanOf(
        learnAll([
          [10_000, 10_000],
          [100, 5_000],
          [900, 45_000],
        ]),
      ),
    ).toBeGreaterThan(47);
  });

  it('lies between the shortest and the longest', () => {
    const sample = fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 1_000 }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
        const means = samples.map(([, each]) => each);
        const mean = meanOf(learnAll(samples.map(([served, each]) => [served, served * each])));
        expect(mean).toBeGreaterThanOrEqual(Math.min(...means) - 1e-6);
        expect(mean).toBeLessThanOrEqual(Math.max(...means) + 1e-6);
      }),
    );
  });
});
