import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { berthctl } from '../support/berthctl.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const MODEL = { name: 'm', gpuBytes: 700 * 2 ** 20 };

describe('an order that no server can carry out', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ triton: { models: [MODEL] }, yaml: 'models: { new: {}, m: {} }' });
  });

  afterAll(() => world.close());

  const ctl = (...args: string[]) => berthctl([...args, '--url', world.scheduler.http]);

  it('is refused at once where no repository has the model, and taken once one has it', async () => {
    for (const verb of ['load', 'reload']) {
      const { status, body } = await call(world, 'POST', `/v1/models/new/${verb}`);
      expect([status, body.reason, body.detail]).toEqual([422, 'infeasible', "in no server's repository"]);
    }
    expect(await ctl('load', 'new')).toMatchObject({
      status: 1,
      err: "berthctl: infeasible: in no server's repository\n",
    });
    world.triton.sim.repository.add({ ...MODEL, name: 'new' });
    const { status, body } = await call(world, 'POST', `/v1/models/new/load?waitMs=${PATIENCE_MS}`);
    expect([status, body.state]).toEqual([202, 'ready']);
  });

  it('says that a server in the wrong mode is left alone, and its routes stay', async () => {
    expect((await call(world, 'POST', `/v1/models/m/load?waitMs=${PATIENCE_MS}`)).body.state).toBe('ready');
    world.triton.sim.inject({ kind: 'wrongMode' });
    await world.restart();
    await until(async () => (await call(world, 'GET', '/v1/servers/a')).body.state === 'wrong_mode');
    for (const verb of ['unload', 'reload']) {
      expect(await ctl(verb, 'm')).toEqual({
        status: 1,
        out: '',
        err: 'berthctl: infeasible: m is left alone: a is in the wrong mode (start Triton with --model-control-mode=explicit)\n',
      });
    }
    expect((await call(world, 'POST', '/v1/models/m/resolve', { waitMs: 0 })).status).toBe(200);
  });
});
