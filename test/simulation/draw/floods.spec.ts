import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';
import { Random } from '../random.js';
import { drawFloods, withTenants } from './floods.js';

const plans = Array.from({ length: 60 }, (_, nth) => makePlan(nth + 1, { hours: 0.2 }));

describe('floods', () => {
  const drawn = plans
    .map(({ seed, servers, models, storm }) => {
      const temper = { idle: 1, queue: 10, wait: 1, residency: 0, lease: 1, load: 1 };
      return { storm, asks: drawFloods(new Random(seed, 'floods'), { servers, models, storm, temper }) };
    })
    .filter(({ asks }) => asks.length > 0);

  it('are drawn for some seeds, and none after the storm', () => {
    expect(drawn.length).toBeGreaterThan(10);
    expect(drawn.length).toBeLessThan(40);
    for (const { asks, storm } of drawn) expect(asks.every(({ at }) => at <= storm)).toBe(true);
  });

  it('are of one tenant, and others ask for the same model meanwhile', () => {
    for (const { asks } of drawn) {
      const flooded = new Set(asks.filter(({ tenant }) => tenant === 'flood').map(({ model }) => model));
      const others = asks.filter(({ tenant }) => tenant !== 'flood');
      expect(new Set(others.map(({ model }) => model))).toEqual(flooded);
    }
  });
});

describe('tenants', () => {
  it('are several in some seeds, and change nothing else of what is asked', () => {
    const counts = plans.map(({ seed, happenings }) => {
      const asks = happenings.filter((one) => one.kind === 'ask');
      const told = withTenants(new Random(seed, 'tenants'), asks);
      expect(told.map((ask) => ({ ...ask, tenant: '' }))).toEqual(
        asks.map((ask) => ({ ...ask, tenant: '' })),
      );
      return new Set(told.map(({ tenant }) => tenant)).size;
    });
    expect(Math.max(...counts)).toBeGreaterThan(2);
  });
});
