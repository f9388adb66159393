import { describe, expect, it } from '@jest/globals';
import { makePlan } from './make-plan.js';
import { play } from './play.js';
import { Random } from './random.js';

describe('play', () => {
  it.each([1, 2, 3, 4])('plays whatever is left of a plan (SEED=%i)', async (seed) => {
    const plan = makePlan(seed, { hours: 0.05 });
    const random = new Random(seed, 'left out');
    const left = {
      ...plan,
      servers: plan.servers.length > 1 ? plan.servers.slice(1) : plan.servers,
      models: plan.models.filter(() => random.chance(0.7)),
      happenings: plan.happenings.filter(() => random.chance(0.5)),
    };
    const { failure, lines } = await play(left);
    expect(failure && [failure, ...lines.slice(-20)]).toBe(undefined);
  });

  it('says what could not be done, and that nothing follows from it', async () => {
    const plan = makePlan(1, { hours: 0.01 });
    const [server] = plan.servers;
    const { failure, lines } = await play({
      ...plan,
      happenings: [
        { at: 1_000, kind: 'strangerLoad', server: 'gone' as never, model: plan.models[0]!.model.id },
        { at: 1_100, kind: 'kill', server: server!.spec.id, downFor: 5_000 },
        { at: 1_200, kind: 'kill', server: server!.spec.id, downFor: 5_000 },
      ],
    });
    expect(failure).toBe(undefined);
    expect(lines.filter((line) => line.includes('not now')).map((line) => line.split(' - ')[1])).toEqual([
      'not now: there is no gone',
      'not now: it is down',
    ]);
  });

  it('counts turns, what they were told, and the time of both phases', async () => {
    const plan = makePlan(1, { hours: 0.02 });
    const { turns, events, simulated, failedAt } = await play(plan);
    expect([turns > 100, events > turns / 2, failedAt]).toEqual([true, true, undefined]);
    expect(simulated).toBeGreaterThanOrEqual(plan.atLeast);
  });
});
