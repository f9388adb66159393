import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { openStore, StoreUnavailable } from '#store';
import { MemoryRows } from '#triton-simulator';
import { healthOf } from '../support/grpc-health.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const FULL = new StoreUnavailable('the store in memory failed: database or disk is full');

describe('while the store takes no writes', () => {
  let world: World;
  let rows: MemoryRows;
  let texts: Map<string, string>;

  beforeEach(async () => {
    texts = new Map();
    const open = () => openStore((rows = new MemoryRows(texts)), { fleet: 'berth' });
    world = await startWorld({ parts: { openStore: open } });
    await put('before');
    expect((await resolve('resnet50', 60_000)).status).toBe(200);
    rows.failsWith = FULL;
  });

  afterEach(() => world.close());

  it('refuses them, over HTTP and gRPC, and says when to come again', async () => {
    const { status, body, headers } = await put('after');
    expect([status, body.reason]).toEqual([503, 'store_unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(5);
    const admin = rpcClient(world, 'Admin');
    const refused = admin.call('pinModel', { model: 'resnet50', copies: 1 }, new Metadata());
    await expect(refused).rejects.toMatchObject({ code: 14 });
    admin.close();
    expect((await call(world, 'GET', '/v1/models/after')).status).toBe(404);
    expect((await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'x' })).body.reason).toBe(
      'store_unavailable',
    );
  });

  it('routes what is warm, and refuses what has to be stored before it is loaded', async () => {
    expect((await resolve('resnet50', 0)).status).toBe(200);
    const cold = await resolve('bert-base', 5_000);
    expect([cold.status, cold.body.reason]).toEqual([503, 'store_unavailable']);
    expect((await resolve('resnet50', 0)).status).toBe(200);
  });

  it('is ready all the same, and says so', async () => {
    await put('after');
    const { status, body } = await call(world, 'GET', '/health/ready');
    expect([status, body]).toEqual([200, { status: 'ready', store: 'failing' }]);
    expect(await healthOf(world, '')).toBe('SERVING');
    expect(await storeOk()).toBe('0');
  });

  it('takes them again by itself, and has nothing else stored then than what it acknowledged', async () => {
    await put('after');
    rows.failsWith = null;
    await until(async () => (await storeOk()) === '1');
    expect((await call(world, 'GET', '/health/ready')).body).toEqual({ status: 'ready' });
    expect((await put('later')).status).toBe(201);
    await world.restart();
    const models = (await call(world, 'GET', '/v1/models?pageSize=1000')).body.items as {
      name: string;
      source: string;
    }[];
    const told = models.filter(({ source }) => source === 'api').map(({ name }) => name);
    expect(told.sort()).toEqual(['before', 'later']);
    expect((await resolve('bert-base', 60_000)).status).toBe(200);
  });

  const put = (name: string) => call(world, 'PUT', `/v1/models/${name}`, { gpuMemoryLimitMb: 100 });

  const resolve = (name: string, waitMs: number) =>
    call(world, 'POST', `/v1/models/${name}/resolve`, { waitMs });

  async function storeOk(): Promise<string | undefined> {
    const { body } = await call(world, 'GET', '/metrics');
    return /^berth_store_ok (\d)$/m.exec(String(body))?.[1];
  }
});
