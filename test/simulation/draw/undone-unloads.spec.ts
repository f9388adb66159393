import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';
import { Random } from '../random.js';
import { drawUndoneUnloads } from './undone-unloads.js';

describe('unloads that another client undoes', () => {
  const plans = Array.from({ length: 60 }, (_, nth) => makePlan(nth + 1, { hours: 0.5 })).map((plan) => {
    return { ...plan, happenings: drawUndoneUnloads(new Random(plan.seed, 'undone unloads'), plan) };
  });
  const drawn = plans.filter(({ happenings }) => happenings.length > 0);

  it('are drawn for some seeds, and none after the storm', () => {
    expect(drawn.length).toBeGreaterThan(2);
    expect(drawn.length).toBeLessThan(20);
    for (const { happenings, storm } of drawn) expect(happenings.every(({ at }) => at <= storm)).toBe(true);
  });

  it('are undone where their answer is lost, after they were ordered', () => {
    for (const { happenings } of drawn) {
      for (const undo of happenings) {
        if (undo.kind !== 'strangerLoad') continue;
        const isOrdered = happenings.some(
          (one) => one.kind === 'orderUnload' && one.model === undo.model && one.at < undo.at,
        );
        const isLost = happenings.some(
          (one) => one.kind === 'loseReply' && one.server === undo.server && one.at < undo.at,
        );
        expect([isOrdered, isLost]).toEqual([true, true]);
      }
    }
  });
});
