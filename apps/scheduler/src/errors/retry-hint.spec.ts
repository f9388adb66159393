import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jittered, wholeSeconds } from './retry-hint.js';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const prediction = fc.double({ min: 0, max: 1e7, noNaN: true });

describe('a retry hint', () => {
  it('lies between 1 and 60 seconds, in whole seconds for HTTP', () => {
    fc.assert(
      fc.property(prediction, chance, (predicted, random) => {
        const seconds = wholeSeconds(jittered(predicted, () => random));
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(60);
      }),
    );
  });

  it('never sends anybody back before the prediction, where that is within the bound', () => {
    fc.assert(
      fc.property(fc.double({ min: 1_000, max: 48_000, noNaN: true }), chance, (predicted, random) => {
        expect(jittered(predicted, () => random)).toBeGreaterThanOrEqual(predicted);
      }),
    );
  });

  it.each([0, 5_000, 60_000, 3_600_000])('is spread where %d ms are predicted', (predicted) => {
    expect(jittered(predicted, () => 0.99)).toBeGreaterThan(jittered(predicted, () => 0));
  });
});
