import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { PATIENCE_MS, until } from '../support/until.js';
import { readRefusal, resolveByGrpc } from './rpc.js';
import { infer, rowOf, UNLOADED } from './someone.js';
import { aQuickModel, aServer, COPY_MB, Stage, startTriton } from './stage.js';

describeReal('Berth', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    const slow = ['slow', 'slower'].map((name) => aQuickModel(name, { loadSeconds: 12 }));
    a = await startTriton(kit, { id: 'a', models: [...slow, aQuickModel('quick')] });
    stage = await Stage.open([aServer(a)], {
      models: { slow: { idleUnloadSeconds: 2 }, quick: { idleUnloadSeconds: 2 } },
    });
  });

  afterAll(() => stage.close());

  it('killed in the middle of a load goes on with it in its next life', async () => {
    await stage.route('quick');
    expect(await stage.resolve('slow', { waitMs: 0 })).toMatchObject({ result: 'loading' });
    await until(() => a.initialisations('slow') === 1);
    await stage.berth.kill();
    await stage.berth.start();
    const { result, body } = await stage.resolve('slow', { waitMs: PATIENCE_MS });
    expect([result, body.server.id, body.cold]).toEqual(['routed', 'a', true]);
    expect(await infer(a, 'slow', 2)).toBe(4);
    expect(a.initialisations('slow')).toBe(1);
    expect(await stage.heldMb('a')).toBe(2 * COPY_MB);
  });

  it('knows its own: what it had loaded is unloaded when idle, as ever', async () => {
    for (const model of ['slow', 'quick']) {
      await until(async () => (await stage.model(model)).state === 'absent');
      expect((await stage.model(model)).lastUnload).toMatchObject({ reason: 'idle' });
      expect(await rowOf(a, model)).toBe(UNLOADED);
      expect(a.initialisations(model)).toBe(1);
    }
  });

  it('asked to end refuses waiting requests, and leaves the models loaded', async () => {
    await stage.route('quick', { leaseMs: 600_000 });
    const byHttp = stage.resolve('slower', { waitMs: PATIENCE_MS });
    const byGrpc = resolveByGrpc(stage.berth.grpc, { model: 'slower' }).catch((error: unknown) => error);
    await until(() => a.initialisations('slower') === 1);
    await until(async () => (await stage.model('slower')).waiting === 2);
    const { code, signal } = await stage.berth.stop();
    expect([code, signal]).toEqual([0, null]);
    expect(await byHttp).toMatchObject({ status: 503, result: 'shutting_down' });
    expect(readRefusal(await byGrpc)).toMatchObject({ code: 14, reason: 'SHUTTING_DOWN' });
    await until(async () => (await rowOf(a, 'slower')) === 'READY');
    expect(await infer(a, 'quick', 2)).toBe(4);
  });

  it('finds all that again when it comes back', async () => {
    await stage.berth.start();
    await stage.berth.ready();
    for (const model of ['quick', 'slower']) {
      expect((await stage.resolve(model)).body).toMatchObject({ server: { id: 'a' }, cold: false });
      expect(await infer(a, model, 2)).toBe(4);
    }
    expect(a.initialisations('slower')).toBe(1);
  });
});
