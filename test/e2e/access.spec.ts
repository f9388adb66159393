import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer, rowOf } from './someone.js';
import { aQuickModel, aServer, Stage, startTriton } from './stage.js';

const RESTRICTED = ['--grpc-restricted-protocol=model-repository:admin-key=sesame'];

describeReal('a Triton that cannot be controlled', (kit) => {
  let all: RealTriton;
  let closed: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    [all, closed] = await Promise.all([
      startTriton(kit, { id: 'all', controlMode: 'none', models: [aQuickModel('loaded')] }),
      startTriton(kit, {
        id: 'closed',
        extraArgs: RESTRICTED,
        models: [aQuickModel('hidden'), aQuickModel('other')],
      }),
    ]);
    stage = await Stage.open([aServer(all, { strangers: 'adopt' }), aServer(closed)], {
      defaults: { idleUnloadSeconds: 1 },
    });
  });

  afterAll(() => stage.close());

  it('is told as `wrong_mode` where it loads everything by itself, and left alone', async () => {
    expect((await stage.server('all')).state).toBe('wrong_mode');
    const before = (await stage.server('all')).observedAt;
    await until(async () => (await stage.server('all')).observedAt !== before);
    expect(await rowOf(all, 'loaded')).toBe('READY');
    expect(await infer(all, 'loaded', 2)).toBe(4);
    expect(all.initialisations('loaded')).toBe(1);
    expect(stage.berth.log()).toContain('it needs --model-control-mode=explicit');
    expect(stage.berth.log()).not.toContain('unloading');
  });

  it('is told as `restricted` where the protocol needs a header that was not given', async () => {
    expect((await stage.server('closed')).state).toBe('restricted');
    const { status, result } = await stage.resolve('hidden', { waitMs: 500 });
    expect([status, result]).toEqual([404, 'unknown_model']);
    expect(closed.initialisations('hidden')).toBe(0);
  });

  it('is controlled once the header is given', async () => {
    const headers = { 'triton-grpc-protocol-admin-key': 'sesame' };
    const allowed = await Stage.open([aServer(closed, { headers })]);
    try {
      expect((await allowed.server('closed')).state).toBe('ready');
      expect(await allowed.route('hidden')).toBe('closed');
      expect(await infer(closed, 'hidden', 2)).toBe(4);
    } finally {
      await allowed.close();
    }
  });

  it('gets nothing where it tells of no device, and the log says why', async () => {
    const headers = { 'triton-grpc-protocol-admin-key': 'sesame' };
    const blind = await Stage.open([{ ...aServer(closed, { headers }), metrics: null, hostMemoryMb: null }]);
    try {
      expect(await blind.server('closed')).toMatchObject({ state: 'ready', devices: [] });
      expect(await blind.resolve('other')).toMatchObject({ status: 503, result: 'no_server' });
      expect(blind.berth.log()).toContain('server closed is ready, but nothing can be placed on it');
    } finally {
      await blind.close();
    }
  });
});
