import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SimulatedModel } from '#triton-simulator';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const GIB = 2 ** 30;
/** Of 3 GiB each: 60 % of what may be booked on the GPUs of four servers, each of which has one. */
const MODELS = 17;
/** So many of them are asked for again and again. */
const AT_A_TIME = 4;

const MODEL: Omit<SimulatedModel, 'name'> = {
  backend: 'onnxruntime',
  gpuBytes: 3 * GIB,
  hostBytes: GIB / 4,
  loadMs: 4_000,
  unloadMs: 500,
  inferMs: 5,
  config: {
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: [-1] }],
    output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: [-1] }],
    instance_group: [{ kind: 'KIND_GPU', count: 1, gpus: [0] }],
  },
};

const names = Array.from({ length: MODELS }, (_, nth) => `m${nth}`);
const models = names.map((name): SimulatedModel => ({ ...MODEL, name }));

describe('a server of four that leaves in time, in a fleet that is 60 % full', () => {
  let world: World;
  let others: RunningSim[];
  const refused: unknown[] = [];
  let resolves = 0;
  let isAsking = true;

  const resolve = async (model: string) => {
    const { status, body } = await call(world, 'POST', `/v1/models/${model}/resolve`, { leaseMs: 1_000 });
    resolves += 1;
    if (status !== 200) refused.push([model, body]);
    return body;
  };

  /** Asks for one warm model after the other. */
  async function ask(first: number): Promise<void> {
    for (let nth = first; isAsking; nth = (nth + AT_A_TIME) % MODELS) {
      const { cold } = await resolve(names[nth]!);
      if (cold) refused.push([names[nth], 'was cold']);
    }
  }

  const serverOf = async (id: string) => (await call(world, 'GET', `/v1/servers/${id}`)).body;

  const readyOn = async (): Promise<{ name: string; servers: string[] }[]> => {
    const { body } = await call(world, 'GET', '/v1/models?pageSize=100');
    return body.items.map(
      ({ name, copies }: { name: string; copies: { server: string; phase: string }[] }) => {
        return { name, servers: copies.filter(({ phase }) => phase === 'ready').map(({ server }) => server) };
      },
    );
  };

  beforeAll(async () => {
    const sims = ['b', 'c', 'd'].map((id) => startTritonSim({ id, speed: 10, models, gpus: 1 }));
    others = await Promise.all(sims);
    const servers = others.map(
      ({ addresses: { grpc, metrics } }, nth) => [['b', 'c', 'd'][nth], { grpc, metrics }] as const,
    );
    const size = { gpuMemoryLimitMb: 3_072, idleUnloadSeconds: null };
    world = await startWorld({
      yaml: `defaults: ${JSON.stringify(size)}`,
      isMapped: true,
      triton: { models, gpus: 1 },
    });
    for (const [id, spec] of servers) {
      await call(world, 'PUT', `/v1/servers/${id}`, spec);
      await until(async () => (await serverOf(id!)).state === 'ready');
    }
    for (const name of names)
      await until(async () => (await call(world, 'POST', `/v1/models/${name}/resolve`)).status === 200);
  });

  afterAll(async () => {
    isAsking = false;
    await world.close();
    await Promise.all(others.map((sim) => sim.close()));
  });

  it('costs no request its warm route, and all that was asked for is ready elsewhere in time', async () => {
    const [first] = (await readyOn()).flatMap(({ servers }) => servers);
    const leaves = first!;
    const asking = Array.from({ length: AT_A_TIME }, (_, nth) => ask(nth));
    await until(async () => resolves > 2 * MODELS);
    const message = { type: 'server.leaving', data: { server: leaves, deadlineMs: PATIENCE_MS } };
    expect((await call(world, 'POST', '/v1/webhooks/fleet', message)).status).toBe(202);
    const { drain } = world.scheduler.engine.fleet.servers.get(leaves as never)!;
    await until(async () => (await serverOf(leaves)).state === 'drained');
    expect(world.scheduler.engine.now()).toBeLessThan(drain!.deadline!);
    const missing = (await readyOn()).filter(({ servers }) => servers.every((id) => id === leaves));
    expect(missing).toEqual([]);
    expect(
      (
        await call(world, 'POST', '/v1/webhooks/fleet', {
          ...message,
          type: 'server.left',
          data: { server: leaves },
        })
      ).status,
    ).toBe(202);
    const before = resolves;
    await until(async () => resolves > before + 2 * MODELS);
    isAsking = false;
    await Promise.all(asking);
    expect(refused).toEqual([]);
  });
});
