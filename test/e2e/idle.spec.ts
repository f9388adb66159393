import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer, rowOf, UNLOADED } from './someone.js';
import { aQuickModel, aServer, Stage, startTriton } from './stage.js';

describeReal('an idle model', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    const models = ['forgotten', 'busy', 'leased', 'kept'].map((name) => aQuickModel(name));
    a = await startTriton(kit, { id: 'a', models });
    stage = await Stage.open([aServer(a)], {
      defaults: { idleUnloadSeconds: 4 },
      models: { kept: { idleUnloadSeconds: null } },
    });
  });

  afterAll(() => stage.close());

  it('is none while clients use it on Triton itself; left alone it is unloaded', async () => {
    await stage.route('busy');
    for (let times = 0; times < 45; times += 1) {
      await infer(a, 'busy', 1);
      await sleep(200);
    }
    expect(await stage.copies('busy')).toEqual(['a:ready']);
    await until(async () => (await stage.model('busy')).lastUnload?.reason === 'idle');
    expect(await rowOf(a, 'busy')).toBe(UNLOADED);
    expect(a.initialisations('busy')).toBe(1);
  });

  it('is unloaded, while what is leased and what never goes stays', async () => {
    for (const model of ['forgotten', 'kept']) await stage.route(model);
    await stage.route('leased', { leaseMs: 600_000 });
    await until(async () => (await stage.model('forgotten')).state === 'absent');
    expect(await rowOf(a, 'forgotten')).toBe(UNLOADED);
    expect(a.stubPids('forgotten')).toEqual([]);
    expect((await stage.model('forgotten')).lastUnload).toMatchObject({ reason: 'idle', for: null });
    expect(stage.berth.log()).toContain('unloading forgotten from a: idle');
    for (const model of ['leased', 'kept']) {
      expect(await stage.copies(model)).toEqual(['a:ready']);
      expect(await rowOf(a, model)).toBe('READY');
    }
  });

  it('is loaded again for the next request', async () => {
    const before = a.initialisations('forgotten');
    await stage.route('forgotten');
    expect(a.initialisations('forgotten')).toBe(before + 1);
    expect(await infer(a, 'forgotten', 2)).toBe(4);
  });
});
