import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

describe('a Triton without GPUs whose metrics come later than its gRPC, and tell no memory at first', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      triton: { gpus: 0, triton: { metricsAfterMs: 90, hostMemoryAfterMs: 3_000 } },
    });
  });

  afterAll(() => world.close());

  const server = async () => (await call(world, 'GET', '/v1/servers/a')).body;
  const ask = (model: string) =>
    call(world, 'POST', `/v1/models/${model}/resolve`, { waitMs: PATIENCE_MS, leaseMs: 50 });

  it('loads what is cold at its first start, and again at each restart, and refuses nothing', async () => {
    expect((await ask('resnet50')).status).toBe(200);
    const { incarnation, devices } = await server();
    world.triton.sim.inject({ kind: 'restart', downMs: 300 });
    await until(async () => (await server()).incarnation !== incarnation);
    expect((await server()).devices).toMatchObject([{ kind: 'cpu', capacityMb: devices[0].capacityMb }]);
    const { status, body } = await ask('resnet50');
    expect([status, body.reason]).toEqual([200, undefined]);
  });
});
