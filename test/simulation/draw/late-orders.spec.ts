import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';
import { play } from '../play.js';
import { Random } from '../random.js';
import { drawLateOrders } from './late-orders.js';

const drawn = (seed: number, hours: number) => {
  const plan = makePlan(seed, { hours });
  return { ...plan, happenings: drawLateOrders(new Random(seed, 'late orders'), plan) };
};

describe('late orders', () => {
  it('are sent before Berth dies, into a network that is well again before the next one begins', () => {
    const { happenings } = drawn(65, 0.2);
    for (let nth = 0; nth + 3 < happenings.length; nth += 4) {
      const [network, order, crash, again] = happenings.slice(nth, nth + 4);
      expect([network, order, crash, again].map((one) => one?.kind)).toEqual([
        'slowNetwork',
        expect.stringMatching(/^order(Load|Unload)$/),
        'berthCrash',
        'orderLoad',
      ]);
      expect(order!.at).toBe(network!.at);
      expect(crash!.at).toBe(network!.at + (network as { lasts: number }).lasts);
      expect(again!.at).toBeGreaterThan(crash!.at + (crash as { downFor: number }).downFor);
      expect((again as { model: string }).model).toBe((order as { model: string }).model);
    }
    expect(happenings.length).toBeGreaterThan(0);
  });

  it('are drawn for some seeds, and none after the storm', () => {
    const plans = Array.from({ length: 40 }, (_, nth) => drawn(nth + 1, 0.2));
    const some = plans.filter(({ happenings }) => happenings.length > 0);
    expect(some.length).toBeGreaterThan(3);
    expect(some.length).toBeLessThan(20);
    for (const { happenings, storm } of some) expect(happenings.every(({ at }) => at <= storm)).toBe(true);
  });

  it('reach a server at which the next Berth works', async () => {
    const { failure, marks } = await play(drawn(65, 0.2));
    expect(failure).toBe(undefined);
    expect(marks.get('late order')).toBeGreaterThan(0);
  });
});
