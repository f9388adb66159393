import { describe, expect, it } from '@jest/globals';
import { emptyFleet, type TenantId } from '../index.js';
import { forgetSpending, spend, timesItsPart } from './spending.js';

const [A, B, C] = ['a', 'b', 'c'] as TenantId[];

describe('how many times its part a tenant has paid', () => {
  it('is once where all have paid alike, or none anything', () => {
    const fleet = emptyFleet();
    expect(timesItsPart(fleet, 0)(A!)).toBe(1);
    spend(fleet, [A!, B!], 8_000, 0);
    expect([A!, B!].map(timesItsPart(fleet, 0))).toEqual([1, 1]);
  });

  it('is nothing for a tenant that has paid nothing', () => {
    const fleet = emptyFleet();
    spend(fleet, [A!], 3_000, 0);
    spend(fleet, [B!], 1_000, 0);
    expect([A!, B!, C!].map(timesItsPart(fleet, 0))).toEqual([3 / 2, 1 / 2, 0]);
  });

  it('counts what was paid 20 s ago for 1/e', () => {
    const fleet = emptyFleet();
    spend(fleet, [A!], Math.E * 1_000, 0);
    spend(fleet, [B!], 1_000, 20_000);
    expect(timesItsPart(fleet, 20_000)(A!)).toBeCloseTo(1, 9);
  });

  it('is forgotten once it is nothing to speak of', () => {
    const fleet = emptyFleet();
    spend(fleet, [A!], 1_000, 0);
    forgetSpending(fleet, 46_000);
    expect([...fleet.spending.keys()]).toEqual([A!]);
    forgetSpending(fleet, 47_000);
    expect([...fleet.spending.keys()]).toEqual([]);
  });
});
