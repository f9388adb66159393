import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel } from '../../../../test/support/builders.js';
import { emptyFleet, type Fleet } from '../fleet/fleet.js';
import { returnIn } from './refuse.js';

const { id: A } = aModel('a');
const NOW = 1_000_000;

/** A model that was seen to execute requests one by one, each in so long; null: never seen. */
function fleetOf(each: number | null): Fleet {
  const fleet = emptyFleet();
  fleet.models.set(A, aModel('a'));
  if (each !== null) fleet.serviceTimes.set(A, { served: 1, took: each });
  return fleet;
}

describe('the hint to come again', () => {
  it('is the prediction for the first refused request, and a turn behind the others for each later one', () => {
    const fleet = fleetOf(500);
    expect([5_000, 5_000, 5_000].map((ready) => returnIn(fleet, A, ready, NOW))).toEqual([
      5_000, 5_500, 6_000,
    ]);
    expect(returnIn(fleet, A, 9_000, NOW)).toBe(9_000);
    expect(returnIn(fleet, A, 8_000, NOW + 1_000)).toBe(8_500);
  });

  it('is the prediction for all where the speed of the model, or the model itself, is unknown', () => {
    const unseen = fleetOf(null);
    expect([1, 2].map(() => returnIn(unseen, A, 5_000, NOW))).toEqual([5_000, 5_000]);
    const unknown = fleetOf(500);
    unknown.models.clear();
    expect([1, 2].map(() => returnIn(unknown, A, 5_000, NOW))).toEqual([5_000, 5_000]);
    expect(unknown.returns.size).toBe(0);
  });

  it('is earlier again where the model should be ready earlier', () => {
    const fleet = fleetOf(500);
    [1, 2, 3].map(() => returnIn(fleet, A, 50_000, NOW));
    expect(returnIn(fleet, A, 5_000, NOW)).toBe(6_500);
  });

  it('forgets requests that should have come', () => {
    const fleet = fleetOf(500);
    returnIn(fleet, A, 5_000, NOW);
    expect(returnIn(fleet, A, 1_000, NOW + 10_000)).toBe(1_000);
  });

  it('keeps no request away for longer than a minute for the sake of others', () => {
    const fleet = fleetOf(10_000);
    const hints = Array.from({ length: 20 }, () => returnIn(fleet, A, 1_000, NOW));
    expect(Math.max(...hints)).toBe(60_000);
    expect(returnIn(fleet, A, 90_000, NOW)).toBe(90_000);
    expect(returnIn(fleet, A, Infinity, NOW)).toBe(Infinity);
    expect(returnIn(fleet, A, 1_000, NOW)).toBe(60_000);
  });

  it('is never before the model serves, and lets no request come sooner after another than is served', () => {
    const refusals = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 40 });
    const served = fc.integer({ min: 0, max: 40_000 });
    fc.assert(
      fc.property(refusals, served, fc.integer({ min: 10, max: 400 }), (gaps, ready, each) => {
        const fleet = fleetOf(each);
        let now = NOW;
        const returns = gaps.map((gap) => {
          now += gap;
          const servedIn = Math.max(0, NOW + ready - now);
          const hint = returnIn(fleet, A, servedIn, now);
          expect(hint).toBeGreaterThanOrEqual(servedIn);
          return now + hint;
        });
        const between = returns.slice(1).map((at, nth) => at - returns[nth]!);
        for (const one of between) expect(one).toBeGreaterThanOrEqual(each - 1e-6);
      }),
    );
  });
});
