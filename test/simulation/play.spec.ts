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

  it.each([
    ['on a slow disk', []],
    ['to a Berth that is paused', [{ at: 29_950, kind: 'berthPauses', lasts: 4_000 } as const]],
  ])('ends a drain that was still being told as the storm ended, %s', async (_, pauses) => {
    const plan = makePlan(1, { hours: 0.02 });
    const { id } = plan.servers[0]!.spec;
    const { failure, lines } = await play({
      ...plan,
      storm: 30_000,
      happenings: [
        { at: 29_000, kind: 'slowDisk', by: 2_000, lasts: 10_000 },
        { at: 29_900, kind: 'drain', server: id, within: null },
        ...pauses,
      ],
    });
    const acknowledged = lines.findIndex((line) => line.endsWith('acknowledged'));
    const over = lines.findIndex((line) => line.endsWith('the storm is over'));
    expect([failure, acknowledged > 0, over > acknowledged]).toEqual([undefined, true, true]);
  });

  it('lets the next Berth begin only once all is on the disk that the last one had begun to write', async () => {
    const plan = makePlan(1, { hours: 0.02 });
    const { id } = plan.models.find(({ isDeclared }) => isDeclared)!.model;
    const { failure, lines } = await play({
      ...plan,
      storm: 30_000,
      happenings: [
        { at: 10_000, kind: 'slowDisk', by: 2_000, lasts: 5_000 },
        { at: 12_000, kind: 'declare', model: id, change: { minResidency: 777 } },
        { at: 12_500, kind: 'berthCrash', downFor: 100 },
      ],
    });
    expect(failure).toBe(undefined);
    expect(lines.filter((line) => line.includes('Berth begins'))).toHaveLength(2);
  });

  it('counts turns, what they were told, and the time of both phases', async () => {
    const plan = makePlan(1, { hours: 0.02 });
    const { turns, events, simulated, failedAt } = await play(plan);
    expect([turns > 100, events > turns / 2, failedAt]).toEqual([true, true, undefined]);
    expect(simulated).toBeGreaterThanOrEqual(plan.atLeast);
  });
});
