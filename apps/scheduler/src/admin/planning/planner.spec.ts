import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver, SOMEBODY } from '../../../../../test/support/core-driver.js';
import { CallerGone } from '../../transport/limits/caller-gone.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import type { Engine } from '#engine';
import type { PlanRequest } from './plan-request.js';
import { Planner } from './planner.js';
import type { Suppositions } from './suppositions.js';

const REQUEST: PlanRequest = { models: {}, pins: {}, lost: [], drained: [], asked: ['m'], withinMs: 60_000 };

/** A planner over a fleet of one server and one cold model, for which every request supposes the same. */
function aPlanner() {
  const driver = new CoreDriver().declare(aModel('m')).serve(aServer('s'), ['m']);
  const engine = { fleet: driver.fleet, now: () => driver.now };
  const supposed = { models: [], lost: [], drained: [], asked: [aModel('m').id], ...SOMEBODY };
  const lifecycle = new Lifecycle();
  const suppositions = { of: () => supposed } as unknown as Suppositions;
  return { planner: new Planner(engine as unknown as Engine, lifecycle, suppositions), lifecycle };
}

describe('the planner', () => {
  it('works plans out one after the other, and refuses more than may wait', async () => {
    const { planner } = aPlanner();
    const plans = Array.from({ length: 8 }, () => planner.plan(REQUEST, 'anonymous'));
    await expect(planner.plan(REQUEST, 'anonymous')).rejects.toMatchObject({
      facts: { reason: 'queue_full' },
    });
    for (const plan of await Promise.all(plans))
      expect(plan.answers).toMatchObject([{ model: 'm', server: 's' }]);
    expect((await planner.plan(REQUEST, 'anonymous')).orders).toMatchObject([{ kind: 'load', model: 'm' }]);
  });

  it('works no further for callers that have gone, and gives their places to others', async () => {
    const { planner } = aPlanner();
    const gone = new AbortController();
    const left = Promise.allSettled(
      Array.from({ length: 8 }, () => planner.plan(REQUEST, 'anonymous', gone.signal)),
    );
    gone.abort();
    const plan = planner.plan(REQUEST, 'anonymous');
    for (const outcome of await left) expect(outcome).toMatchObject({ reason: expect.any(CallerGone) });
    expect((await plan).orders).toMatchObject([{ kind: 'load', model: 'm' }]);
  });

  it('plans nothing more where the process is ending', async () => {
    const { planner, lifecycle } = aPlanner();
    lifecycle.end();
    await expect(planner.plan(REQUEST, 'anonymous')).rejects.toMatchObject({
      facts: { reason: 'shutting_down' },
    });
  });
});
