import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';
import { Random } from '../random.js';
import { drawChangedMinds } from './changed-minds.js';

const drawn = (seed: number) => {
  const plan = makePlan(seed, { hours: 0.2 });
  return { ...plan, happenings: drawChangedMinds(new Random(seed, 'changed minds'), plan) };
};

describe('changed minds', () => {
  const plans = Array.from({ length: 40 }, (_, nth) => drawn(nth + 1));
  const some = plans.filter(({ happenings }) => happenings.length > 0);

  it('are drawn for some seeds, and none after the storm', () => {
    expect(some.length).toBeGreaterThan(3);
    expect(some.length).toBeLessThan(20);
    for (const { happenings, storm } of some) expect(happenings.every(({ at }) => at <= storm)).toBe(true);
  });

  it('take back every pin that the storm leaves time for, and none of those that were there before', () => {
    for (const { happenings, storm, models } of some) {
      for (const pin of happenings.filter(({ kind, at }) => kind === 'pin' && at < storm - 6_000)) {
        const { model } = pin as { model: string };
        const lifted = happenings.filter((one) => one.kind === 'unpin' && one.model === model);
        expect(lifted.some(({ at }) => at > pin.at && at <= pin.at + 5_000)).toBe(true);
        expect(models.find((one) => one.model.id === model)?.model.pinnedCopies).toBe(0);
      }
    }
  });
});
