import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';
import { Random } from '../random.js';
import { drawUnloadsAtOnce } from './unloads-at-once.js';

describe('unloads at once', () => {
  const plans = Array.from({ length: 80 }, (_, nth) => makePlan(nth + 1, { hours: 0.5 })).map((plan) => {
    return { ...plan, happenings: drawUnloadsAtOnce(new Random(plan.seed, 'unloads at once'), plan) };
  });
  const drawn = plans.filter(({ happenings }) => happenings.length > 0);

  it('are drawn for some seeds that have an ensemble, and none after the storm', () => {
    expect(drawn.length).toBeGreaterThan(4);
    expect(drawn.length).toBeLessThan(40);
    for (const { happenings, storm, models } of drawn) {
      expect(models.some(({ disk }) => (disk.steps ?? []).length > 0)).toBe(true);
      expect(happenings.every(({ at }) => at <= storm)).toBe(true);
    }
  });

  it('come after a step was read anew', () => {
    for (const { happenings } of drawn) {
      for (const drain of happenings.filter(({ kind }) => kind === 'drain')) {
        const isRead = happenings.some(
          ({ kind, at }) => (kind === 'orderReload' || kind === 'strangerLoad') && at < drain.at,
        );
        expect(isRead).toBe(true);
      }
    }
  });
});
