import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitPins } from '#core';
import { furnish } from './furnish.js';
import { pinsFit } from './pins.js';
import { smallFleets } from './small-fleet.js';

const RUNS = Number(process.env['RUNS'] ?? 200);
/** The same fleets in every run; another seed, and more runs, look further. */
const SEED = Number(process.env['SEED'] ?? 4);

/** How many copies of each model are to be pinned. */
const pins = fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 6, maxLength: 6 });

describe('whether all pins fit', () => {
  it('is answered as by trying every assignment', () => {
    const seen = { fits: 0, not: 0 };
    fc.assert(
      fc.property(smallFleets, pins, (plan, copies) => {
        const fleet = furnish(plan);
        const models = [...fleet.models.values()].map((model, index) => ({
          ...model,
          pinnedCopies: copies[index]!,
        }));
        const fits = pinsFit(fleet, models);
        expect(fitPins(fleet, models).fits).toBe(fits);
        seen[fits ? 'fits' : 'not'] += 1;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(Math.min(seen.fits, seen.not)).toBeGreaterThanOrEqual(Math.floor(RUNS / 20));
  });
});
