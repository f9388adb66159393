import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { berthctl } from '../support/berthctl.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

/** What is said of a model that no server is known to have, and of a pin that no device is known to have room for. */
const CALLS = [
  ['GET', '/v1/models/m', undefined],
  ['GET', '/v1/models/m/explain', undefined],
  ['PATCH', '/v1/models/m', { enabled: true }],
  ['PUT', '/v1/models/m/pin', { copies: 1 }],
  ['PUT', '/v1/models/declared/pin', { copies: 1 }],
  ['PATCH', '/v1/models/declared', { pin: { copies: 1 } }],
  ['POST', '/v1/models:batch', { models: { declared: { pin: { copies: 1 } } } }],
  ['POST', '/v1/models/m/load', undefined],
  ['POST', '/v1/models/m/unload', undefined],
  ['POST', '/v1/models/m/reload', undefined],
  ['POST', '/v1/models/m/resolve', { waitMs: 0 }],
  ['POST', '/v1/plan', { asked: ['m'] }],
] as const;

const RPCS = [
  ['getModel', { model: 'm' }],
  ['explainModel', { model: 'm' }],
  ['loadModel', { model: 'm' }],
  ['unloadModel', { model: 'm' }],
  ['reloadModel', { model: 'm' }],
  ['pinModel', { model: 'declared', copies: 1 }],
  ['plan', { asked: ['m'] }],
] as const;

describe('as long as a server was never looked at', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      triton: { models: [] },
      yaml: 'models: { declared: {} }',
    });
    const put = await call(world, 'PUT', '/v1/servers/late', { grpc: '127.0.0.1:1' });
    expect(put.status).toBe(201);
  });

  afterAll(() => world.close());

  it.each(CALLS)('nothing that lasts is said: %s %s', async (method, path, body) => {
    const { status, headers, body: problem } = await call(world, method, path, body);
    expect([status, problem.reason]).toEqual([503, 'no_server']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  it.each(RPCS)('nothing that lasts is said over gRPC: %s', async (method, request) => {
    const admin = rpcClient(world, 'Admin');
    try {
      await expect(admin.call(method, request as never, new Metadata())).rejects.toMatchObject({ code: 14 });
    } finally {
      admin.close();
    }
  });

  it('is told to callers of berthctl', async () => {
    const { status, err } = await berthctl(['explain', 'm', '--url', world.scheduler.http]);
    expect([status, err]).toEqual([1, expect.stringContaining('no_server')]);
  });

  it('what a server is known to have, or a declared model, is dealt with as ever', async () => {
    expect((await call(world, 'GET', '/v1/models/declared/explain')).status).toBe(200);
    expect((await call(world, 'POST', '/v1/models/declared/load')).status).toBe(202);
  });

  it('once it is forgotten, the answers last', async () => {
    await call(world, 'DELETE', '/v1/servers/late');
    expect((await call(world, 'POST', '/v1/models/m/load')).body.reason).toBe('unknown_model');
    expect((await call(world, 'POST', '/v1/models/declared/load')).body.reason).toBe('infeasible');
    const pin = await call(world, 'PUT', '/v1/models/declared/pin', { copies: 1 });
    expect(pin.body.reason).toBe('pin_does_not_fit');
  });
});
