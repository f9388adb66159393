import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

describe('a server whose unload never ends', () => {
  let world: World;
  let other: RunningSim;

  beforeAll(async () => {
    world = await startWorld({ yaml: 'limits: { stuckAfterSeconds: 1 }' });
    other = await startTritonSim({ id: 'other', speed: 10 });
  });

  afterAll(async () => {
    await world.close();
    await other.close();
  });

  const server = async () => (await call(world, 'GET', '/v1/servers/a')).body;
  const serverOf = async (model: string): Promise<string> => {
    const { body } = await call(world, 'POST', `/v1/models/${model}/resolve`, { leaseMs: 50 });
    return body.server.id;
  };

  it('is flagged, drains to another one, and comes back clean as another process', async () => {
    expect([await serverOf('resnet50'), await serverOf('mobilenet-v2')]).toEqual(['a', 'a']);
    world.triton.sim.inject({ kind: 'stuckUnload', model: 'resnet50' });
    await call(world, 'POST', '/v1/models/resnet50/unload', { force: true });
    const flagged = async () => (await server()).flags.includes('needs_restart');
    await until(flagged);
    expect((await server()).flags).toEqual(['stuck_unload', 'needs_restart', 'old_version']);
    expect(await serverOf('mobilenet-v2')).toBe('a');

    const { grpc, http, metrics } = other.addresses;
    await call(world, 'PUT', '/v1/servers/b', { grpc, http, metrics });
    await call(world, 'POST', '/v1/servers/a/drain', {});
    await until(async () => (await server()).state === 'drained');
    expect([await serverOf('resnet50'), await serverOf('mobilenet-v2')]).toEqual(['b', 'b']);

    const { incarnation } = await server();
    world.triton.sim.inject({ kind: 'restart', downMs: 100 });
    const isAnother = async () => (await server()).incarnation !== incarnation;
    await until(isAnother);
    const { flags, devices } = await server();
    expect(flags).toEqual(['old_version']);
    expect(devices.map(({ heldMb }: { heldMb: number }) => heldMb)).toEqual([0, 0]);
    await call(world, 'POST', '/v1/servers/a/undrain', {});
    expect((await server()).state).toBe('ready');
  });
});
