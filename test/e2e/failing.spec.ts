import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer, rowOf } from './someone.js';
import { aQuickModel, aServer, Stage, startTriton } from './stage.js';

describeReal('a model whose process was killed', (kit) => {
  let a: RealTriton;
  let b: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    [a, b] = (await Promise.all(
      ['a', 'b'].map((id) => startTriton(kit, { id, models: [aQuickModel('doomed')] })),
    )) as [RealTriton, RealTriton];
    stage = await Stage.open([aServer(a), aServer(b)]);
    await stage.route('doomed');
  });

  afterAll(() => stage.close());

  const home = async (): Promise<RealTriton> => ((await stage.copies('doomed'))[0]!.startsWith('a') ? a : b);

  it('is ready by Triton, and flagged by Berth after three failures', async () => {
    const triton = await home();
    for (const pid of triton.stubPids('doomed')) process.kill(pid, 'SIGKILL');
    for (let times = 0; times < 3; times += 1) {
      await expect(infer(triton, 'doomed', 1)).rejects.toThrow('is not healthy');
    }
    expect(await rowOf(triton, 'doomed')).toBe('READY');
    const flagged = [`${triton.id}:ready!failing`];
    await until(async () => (await stage.copies('doomed')).join() === flagged.join());
    expect((await stage.server(triton.id)).flags).toContain('failing_model');
  });

  it('is still routed to while there is no other copy', async () => {
    const triton = await home();
    expect(await stage.route('doomed')).toBe(triton.id);
  });

  it('is passed over once there is another copy', async () => {
    const failing = (await home()).id;
    const healthy = failing === 'a' ? 'b' : 'a';
    expect((await stage.pin('doomed', 2)).status).toBe(200);
    await until(async () => (await stage.copies('doomed')).length === 2);
    await until(async () => (await stage.copies('doomed')).includes(`${healthy}:ready`));
    for (let times = 0; times < 4; times += 1) expect(await stage.route('doomed')).toBe(healthy);
  });
});
