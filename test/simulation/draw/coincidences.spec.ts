import { describe, expect, it } from '@jest/globals';
import type { HappeningOf } from '../happenings.js';
import { makePlan } from '../make-plan.js';
import { Random } from '../random.js';
import { drawCoincidences } from './coincidences.js';

describe('coincidences', () => {
  const plans = Array.from({ length: 60 }, (_, nth) => makePlan(nth + 1, { hours: 0.5 })).map((plan) => {
    return { ...plan, happenings: drawCoincidences(new Random(plan.seed, 'coincidences'), plan) };
  });
  const drawn = plans.filter(({ happenings }) => happenings.length > 0);
  const asksOf = ({ happenings }: (typeof plans)[number]): HappeningOf<'ask'>[] =>
    happenings.filter((one) => one.kind === 'ask');

  it('are drawn for some seeds in which things share a tick, and none after the storm', () => {
    expect(drawn.length).toBeGreaterThan(5);
    expect(drawn.every(({ grain }) => grain > 0)).toBe(true);
    for (const { happenings, storm } of drawn) expect(happenings.every(({ at }) => at <= storm)).toBe(true);
  });

  it('come, come again and hang up on ticks', () => {
    for (const plan of drawn) {
      const times = asksOf(plan).flatMap(({ at, retryAfter, giveUpAfter }) => [at, retryAfter, giveUpAfter]);
      expect(times.filter((ms) => (ms ?? 0) % plan.grain !== 0)).toEqual([]);
    }
  });

  it('are asks in vain from the tick after that of a request for another model', () => {
    const inVain = drawn.flatMap((plan) =>
      asksOf(plan).flatMap((ask) => (ask.version === null ? [] : [{ plan, ask }])),
    );
    expect(inVain.length).toBeGreaterThan(20);
    for (const { plan, ask } of inVain)
      expect(asksOf(plan).some(({ at, model }) => at === ask.at - plan.grain && model !== ask.model)).toBe(
        true,
      );
  });
});
