import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { smallFleets } from './small-fleet.js';
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
