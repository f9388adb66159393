import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer, rowOf } from './someone.js';
import { aQuickModel, aServer, COPY_MB, Stage, startTriton } from './stage.js';

describeReal('a directory that is removed while its model serves', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    a = await startTriton(kit, { id: 'a', models: [aQuickModel('orphan'), aQuickModel('other')] });
    stage = await Stage.open([aServer(a)], { limits: { stuckAfterSeconds: 4 } });
    await stage.route('orphan');
    await a.removeModelDirectory('orphan');
  });

  afterAll(() => stage.close());

  it('leaves the model routable and booked', async () => {
    expect(await rowOf(a, 'orphan')).toBe('none');
    const before = (await stage.server('a')).observedAt!;
    await until(async () => (await stage.server('a')).observedAt! > before);
    expect(await stage.route('orphan')).toBe('a');
    expect(await infer(a, 'orphan', 2)).toBe(4);
    expect(await stage.copies('orphan')).toEqual(['a:ready']);
    expect(await stage.heldMb('a')).toBe(COPY_MB);
  });

  it('keeps the booking after the unload until it may end, since nothing shows that the memory is back', async () => {
    const { status } = await stage.berth.request('POST', '/v1/models/orphan/unload', {});
    expect(status).toBe(202);
    await until(() => a.stubPids('orphan').length === 0);
    // On a slow machine it may be called stuck by now.
    expect(await stage.copies('orphan')).toEqual([expect.stringMatching(/^a:unloading/)]);
    expect(await stage.heldMb('a')).toBe(COPY_MB);
    await until(async () => (await stage.copies('orphan')).join() === 'a:unloading!stuck');
    expect((await stage.server('a')).flags).toContain('stuck_unload');
    expect(await stage.heldMb('a')).toBe(COPY_MB);
    await until(async () => (await stage.heldMb('a')) === 0);
    expect((await stage.berth.request('GET', '/v1/models/orphan')).status).toBe(404);
    expect(await stage.route('other')).toBe('a');
  });
});
