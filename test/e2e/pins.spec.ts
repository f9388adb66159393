import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer, rowOf, unload } from './someone.js';
import { aQuickModel, aServer, COPY_MB, Stage, startTriton } from './stage.js';

describeReal('a pin', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    const models = ['pinned', 'second', 'third', 'large'].map((name) => aQuickModel(name));
    a = await startTriton(kit, { id: 'a', models });
    stage = await Stage.open([aServer(a, { hostMemoryMb: 2.5 * COPY_MB })], {
      defaults: { idleUnloadSeconds: 60 },
      models: { large: { cpuMemoryLimitMb: 2 * COPY_MB } },
    });
  });

  afterAll(() => stage.close());

  const isReady = (model: string) => until(async () => (await stage.copies(model)).join() === 'a:ready');

  it('loads its model without a request for it', async () => {
    const { status, body } = await stage.pin('pinned');
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'pinned', pin: { copies: 1 } });
    await isReady('pinned');
    expect((await stage.model('pinned')).copies[0]!.idleUnloadAt).toBeNull();
  });

  it('withstands pressure, though its model was used least recently', async () => {
    for (const model of ['second', 'third', 'second']) await stage.route(model);
    expect(await stage.copies('pinned')).toEqual(['a:ready']);
    expect((await stage.model('third')).lastUnload).toMatchObject({ reason: 'evicted', for: 'second' });
    expect(a.initialisations('pinned')).toBe(1);
  });

  it('is refused with the numbers where it cannot fit beside the others, and changes nothing', async () => {
    const before = await stage.model('large');
    const { status, body } = await stage.pin('large');
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'pin_does_not_fit',
      unplaced: [{ model: 'large', copies: 1, needsMb: 2 * COPY_MB, inTheWay: 'pinned@a' }],
      devices: [{ server: 'a', ordinal: 0, capacityMb: 2.5 * COPY_MB }],
    });
    expect(await stage.model('large')).toEqual(before);
    expect(await stage.copies('pinned')).toEqual(['a:ready']);
    expect(await rowOf(a, 'large')).toBe('untouched');
  });

  it('survives a restart of Berth, which keeps the copy it finds', async () => {
    await stage.berth.restart();
    await stage.berth.ready();
    expect(await stage.model('pinned')).toMatchObject({ pin: { copies: 1 }, state: 'ready' });
    expect(a.initialisations('pinned')).toBe(1);
    expect(await infer(a, 'pinned', 3)).toBe(6);
  });

  it('brings back a model that was lost while Berth was away', async () => {
    await stage.berth.stop();
    await unload(a, 'pinned');
    await until(() => a.stubPids('pinned').length === 0);
    await stage.berth.start();
    await isReady('pinned');
    expect(a.initialisations('pinned')).toBe(2);
  });

  it('brings back a model that another client unloaded, and one whose server died', async () => {
    await unload(a, 'pinned');
    await until(() => a.initialisations('pinned') === 3);
    await isReady('pinned');
    await a.restart();
    await until(() => a.initialisations('pinned') === 4);
    await isReady('pinned');
    expect(await infer(a, 'pinned', 3)).toBe(6);
  });
});
