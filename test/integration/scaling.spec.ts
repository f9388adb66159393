import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { credentials, loadPackageDefinition, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { externalScalerClientService } from '#contracts';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { configOf } from '../support/config-of.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

type Answer = Readonly<Record<string, unknown>>;
type Stream = NodeJS.ReadableStream & { cancel(): void };
interface Scaler {
  close(): void;
  getMetrics(request: object, done: (error: ServiceError | null, answer: Answer) => void): void;
  isActive(request: object, done: (error: ServiceError | null, answer: Answer) => void): void;
  getMetricSpec(request: object, done: (error: ServiceError | null, answer: Answer) => void): void;
  streamIsActive(request: object): Stream;
}

function scalerOf({ scheduler }: Pick<World, 'scheduler'>): Scaler {
  const packages = loadPackageDefinition({
    'externalscaler.ExternalScaler': externalScalerClientService(),
  }) as never as { externalscaler: { ExternalScaler: new (...given: unknown[]) => Scaler } };
  return new packages.externalscaler.ExternalScaler(scheduler.grpc, credentials.createInsecure(), {
    // A connection of its own: one connection may have only so many calls under way.
    'grpc.use_local_subchannel_pool': 1,
  });
}

const asked = (
  scaler: Scaler,
  method: 'getMetrics' | 'isActive' | 'getMetricSpec',
  request = {},
): Promise<Answer> =>
  new Promise((resolve, reject) =>
    scaler[method](request, (error, answer) => (error ? reject(error) : resolve(answer))),
  );

/** How a stream ends, and what it told until then. */
function followed(stream: Stream): { readonly told: boolean[]; readonly end: Promise<number> } {
  const told: boolean[] = [];
  stream.on('data', ({ result }: { result: boolean }) => told.push(result));
  const end = new Promise<number>((resolve) => {
    stream.on('error', ({ code }: ServiceError) => resolve(code));
    stream.on('end', () => resolve(status.OK));
  });
  return { told, end };
}

describe('the numbers for autoscalers', () => {
  let world: World;
  let scaler: Scaler;

  beforeAll(async () => {
    world = await startWorld({ yaml: 'models: { resnet50: { gpuMemoryLimitMb: 2048 } }' });
    scaler = scalerOf(world);
  });

  afterAll(async () => {
    scaler.close();
    await world.close();
  });

  it('are told flat, by both ports alike', async () => {
    await call(world, 'POST', '/v1/models/resnet50/resolve', {});
    const { status: code, body } = await call(world, 'GET', '/v1/scaling');
    expect(code).toBe(200);
    expect(body).toEqual({
      ...{ serversWanted: 1, serversWantedNow: 1, serversPresent: 1 },
      ...{ wantedMb: 4_096, queuedMb: 0, heldMb: 4_096, capacityMb: 2 * 23_552 },
      ...{ requestsWaiting: 0, loadSlotsTaken: 0, loadSlots: 2 },
      removal: [{ server: 'a', costMs: expect.any(Number), reason: 'no_room', models: 1, memoryMb: 4_096 }],
    });
    const admin = rpcClient(world, 'Admin');
    const overGrpc = await admin.call('GetScaling', {}, new Metadata());
    admin.close();
    expect(overGrpc).toEqual(body);
  });

  it('are told to KEDA, with one metric and its target', async () => {
    expect(await asked(scaler, 'getMetricSpec')).toEqual({
      metricSpecs: [{ metricName: 'servers', targetSize: '1', targetSizeFloat: 1 }],
    });
    expect(await asked(scaler, 'getMetrics', { metricName: 'servers' })).toEqual({
      metricValues: [{ metricName: 'servers', metricValue: '1', metricValueFloat: 1 }],
    });
    expect(await asked(scaler, 'isActive')).toEqual({ result: true });
  });

  it('are not told under another name', async () => {
    await expect(asked(scaler, 'getMetrics', { metricName: 'pods' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('metricName'),
    });
  });

  it('are metrics, too', async () => {
    const body = await until(async () => {
      const text = String((await call(world, 'GET', '/metrics')).body);
      return text.includes('berth_servers_wanted 1') && text;
    });
    expect(body).toContain('berth_load_slots{kind="all"} 2');
    expect(body).toContain(`berth_scaling_memory_bytes{kind="capacity"} ${2 * 23_552 * 2 ** 20}`);
  });

  it('are streamed to so many callers and no more, and the streams end with the process', async () => {
    const streams = Array.from({ length: 100 }, () => followed(scaler.streamIsActive({})));
    await until(() => streams.every(({ told }) => told.length === 1));
    expect(streams.map(({ told }) => told)).toEqual(streams.map(() => [true]));
    const other = scalerOf(world);
    expect(await followed(other.streamIsActive({})).end).toBe(status.UNAVAILABLE);
    other.close();
    await world.restart();
    const ends = await Promise.all(streams.map(({ end }) => end));
    expect(new Set(ends)).toEqual(new Set([status.UNAVAILABLE]));
    scaler.close();
    scaler = scalerOf(world);
  });

  it('are as large after a restart as within the hour before it', async () => {
    await call(world, 'PUT', '/v1/models/large', { gpuMemoryLimitMb: 20_000, pin: { copies: 2 } });
    const before = (await call(world, 'GET', '/v1/scaling')).body.serversWanted;
    await world.restart();
    expect((await call(world, 'GET', '/v1/scaling')).body.serversWanted).toBeGreaterThanOrEqual(before);
  });
});

describe('a Berth without any server', () => {
  let folder: string;
  let scheduler: RunningScheduler;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-zero-'));
    scheduler = await startOn(folder, 'models: { resnet50: {} }');
  });

  afterAll(async () => {
    await scheduler.close();
    await rm(folder, { recursive: true, force: true });
  });

  const wanted = async (): Promise<number> =>
    (await call({ scheduler }, 'GET', '/v1/scaling')).body.serversWanted as number;

  it('wants none until the first request, then one, and serves with it', async () => {
    expect(await wanted()).toBe(0);
    const scaler = scalerOf({ scheduler });
    const { told } = followed(scaler.streamIsActive({}));
    await until(() => told.length === 1);
    const refused = await call({ scheduler }, 'POST', '/v1/models/resnet50/resolve', {});
    expect([refused.status, refused.body.reason]).toEqual([503, 'no_server']);
    expect(await wanted()).toBe(1);
    await until(() => told.length === 2);
    expect(told).toEqual([false, true]);
    scaler.close();
    const triton = await startTritonSim({ speed: 10 });
    const { grpc, http, metrics } = triton.addresses;
    await call({ scheduler }, 'PUT', '/v1/servers/first', { grpc, http, metrics });
    const route = await until(async () => {
      const reply = await call({ scheduler }, 'POST', '/v1/models/resnet50/resolve', {});
      return reply.status === 200 && reply.body;
    });
    expect(route.server.id).toBe('first');
    expect(await wanted()).toBe(1);
    await triton.close();
  });
});

describe('a Berth that has not looked at its servers yet', () => {
  it('has no numbers, which would be too low', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const folder = await mkdtemp(join(tmpdir(), 'berth-silent-'));
    const servers = `servers: [{ id: silent, grpc: '127.0.0.1:${port}' }]`;
    const scheduler = await startOn(folder, servers);
    const { status: code, body } = await call({ scheduler }, 'GET', '/v1/scaling');
    expect([code, body.reason]).toEqual([503, 'no_leader']);
    const scaler = scalerOf({ scheduler });
    for (const method of ['getMetrics', 'isActive'] as const) {
      await expect(asked(scaler, method, { metricName: 'servers' })).rejects.toMatchObject({
        code: status.UNAVAILABLE,
      });
    }
    expect(await followed(scaler.streamIsActive({})).end).toBe(status.UNAVAILABLE);
    scaler.close();
    await scheduler.close();
    silent.close();
    await rm(folder, { recursive: true, force: true });
  });
});

/** A scheduler on such a configuration, without a demo. */
async function startOn(folder: string, yaml: string): Promise<RunningScheduler> {
  const text = `http: 127.0.0.1:0\ngrpc: 127.0.0.1:0\ndata: ${folder}\n${yaml}`;
  return createScheduler(configOf(text), { log: pino({ level: 'silent' }), startDemo: null });
}
