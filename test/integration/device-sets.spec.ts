import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const GIB = 2 ** 30;
const KIND_MODEL = {
  backend: 'pytorch',
  max_batch_size: 0,
  input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: [-1] }],
  output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: [-1] }],
  instance_group: [{ kind: 'KIND_MODEL', count: 1 }],
};

describe('a model that its backend spreads over several GPUs', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      triton: {
        gpus: 4,
        models: [{ name: 'large', gpuBytes: 9 * GIB, config: KIND_MODEL, spreadsOver: [1, 2] }],
      },
      yaml: 'models: { large: { gpuMemoryLimitMb: 10000, deviceSets: [[1, 2]] } }',
    });
  });

  afterAll(() => world.close());

  const held = async (): Promise<number[]> =>
    (await call(world, 'GET', '/v1/servers/a')).body.devices.map(({ heldMb }: { heldMb: number }) => heldMb);

  it('is one copy, booked on both, before and after its config is known', async () => {
    const { body } = await call(world, 'POST', '/v1/models/large/resolve', {});
    expect(body.devices).toEqual([1, 2]);
    expect(await held()).toEqual([0, 10_000, 10_000, 0]);
    const learned = [...world.scheduler.engine.fleet.servers.values()][0]!.configs;
    await until(() => learned.size > 0);
    expect(await held()).toEqual([0, 10_000, 10_000, 0]);
    const { copies } = (await call(world, 'GET', '/v1/models/large')).body;
    expect(copies).toHaveLength(1);
    expect(copies[0]).toMatchObject({ server: 'a', device: null, memoryMb: { reserved: 20_000 } });
  });

  it('is infeasible where no server has the devices', async () => {
    const sets = await call(world, 'PATCH', '/v1/models/large', { deviceSets: [[3, 4]] });
    expect(sets.body.effective.deviceSets).toEqual([[3, 4]]);
    await call(world, 'POST', `/v1/models/large/unload?waitMs=${PATIENCE_MS}`, { force: true });
    const gone = async () => (await call(world, 'GET', '/v1/models/large')).body.copies.length === 0;
    await until(gone);
    const { status, body } = await call(world, 'POST', '/v1/models/large/resolve', {});
    expect([status, body.reason, body.detail]).toEqual([422, 'infeasible', 'no_device_set']);
    const wrong = await call(world, 'PATCH', '/v1/models/large', { deviceSets: [[0, 0]] });
    expect(wrong.body.errors).toEqual([{ path: 'deviceSets[0]', rule: 'must name each device once' }]);
  });
});
