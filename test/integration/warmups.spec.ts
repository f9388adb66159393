import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { warmupSchema, warmupsSchema } from '#contracts';
import { berthctl } from '../support/berthctl.js';
import {
  call,
  type Reply,
  rpcClient,
  type RpcClient,
  startWorld,
  type World,
} from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const NONE = `wu_${'0'.repeat(32)}`;

describe('warm-ups', () => {
  let world: World;
  let admin: RpcClient;

  beforeAll(async () => {
    world = await startWorld();
    admin = rpcClient(world, 'Admin');
  });

  afterAll(async () => {
    admin.close();
    await world.close();
  });

  const start = (models: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    call(world, 'POST', '/v1/warmups', { models }, headers);
  const get = async (id: string) => (await call(world, 'GET', `/v1/warmups/${id}`)).body;
  const ended = (id: string) =>
    until(async () => {
      const found = await get(id);
      return found.endedAt === null ? null : found;
    });

  it('load the models of a list, and tell what each came to', async () => {
    await call(world, 'PUT', '/v1/models/bert-base', { enabled: false });
    const { status, body } = await start(['resnet50', 'no-such-model', 'bert-base']);
    expect(status).toBe(202);
    expect(body).toMatchObject({ state: 'waiting', ready: 0, failed: 0, left: 3, endedAt: null });
    const end = await ended(body.id);
    warmupSchema.parse(end);
    expect(end).toMatchObject({ state: 'done', ready: 1, failed: 2, left: 0, createdAt: body.createdAt });
    expect(end.models).toEqual([
      { model: 'resnet50', state: 'ready', reason: null },
      { model: 'no-such-model', state: 'failed', reason: 'unknown_model' },
      { model: 'bert-base', state: 'failed', reason: 'disabled' },
    ]);
    expect((await call(world, 'GET', '/v1/models/resnet50')).body.state).toBe('ready');
    const metrics = String((await call(world, 'GET', '/metrics')).body);
    expect(metrics).toContain('berth_warmup_models_total{outcome="failed"} 2');
    expect(metrics).toContain('berth_warmups_ended_total{state="done"} 1');
  });

  it('are the same over gRPC', async () => {
    const begun = await admin.call('StartWarmup', { models: ['resnet50'] }, new Metadata());
    const end = await until(async () => {
      const found = await admin.call('GetWarmup', { id: begun['id'] }, new Metadata());
      return found['endedAt'] ? found : null;
    });
    expect(end).toMatchObject({ state: 'done', ready: 1, failed: 0, left: 0 });
    expect(end).toMatchObject({ models: [{ model: 'resnet50', state: 'ready' }] });
    const { items } = await admin.call('ListWarmups', {}, new Metadata());
    const listed = (await call(world, 'GET', '/v1/warmups')).body;
    warmupsSchema.parse(listed);
    expect(listed.items[0]).toMatchObject({ id: begun['id'], state: 'done', ready: 1, failed: 0, left: 0 });
    expect(items).toMatchObject(
      listed.items.map(({ id, state }: { id: string; state: string }) => ({ id, state })),
    );
    const cancelled = await admin.call('CancelWarmup', { id: begun['id'] }, new Metadata());
    expect(cancelled['state']).toBe('done');
    await expect(admin.call('GetWarmup', { id: NONE }, new Metadata())).rejects.toMatchObject({ code: 5 });
  });

  it('start once for each Idempotency-Key, and tell the same again', async () => {
    const headers = { 'idempotency-key': 'night' };
    const [first, again] = [await start(['yolov8m'], headers), await start(['yolov8m'], headers)];
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    const other = await start(['bert-large'], headers);
    expect([other.status, other.body.reason]).toEqual([422, 'idempotency_key_reused']);
    await ended(first.body.id);
    expect((await start(['yolov8m'], headers)).body).toMatchObject({
      id: first.body.id,
      state: 'waiting',
      ready: 1,
    });
  });

  it('are audited: the start, the cancel, and each load in the name of the caller', async () => {
    const { body } = await start(['mobilenet-v2']);
    await ended(body.id);
    await call(world, 'DELETE', `/v1/warmups/${body.id}`);
    const of = async (query: string) => (await call(world, 'GET', `/v1/audit?${query}`)).body.items;
    const records = await of(`kind=warmup&name=${body.id}`);
    const operations = records.map(({ operation }: { operation: string }) => operation);
    expect(operations).toEqual([`DELETE /v1/warmups/${body.id}`, 'POST /v1/warmups']);
    const [load] = await of('chain=programs&kind=model&name=mobilenet-v2');
    expect(load).toMatchObject({
      ...{ credential: 'anonymous', source: null, operation: 'POST /v1/models/mobilenet-v2/load' },
    });
  });

  it('begin no other model once cancelled, and leave what is being loaded', async () => {
    const models = Array.from({ length: 40 }, (_, nth) => (nth === 0 ? 'whisper-small' : `nothing-${nth}`));
    world.triton.sim.inject({ kind: 'stuckLoad', model: 'whisper-small' });
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'so that loads wait' });
    await call(world, 'POST', '/v1/models:batch', {
      models: Object.fromEntries(models.map((model) => [model, {}])),
    });
    const { body } = await start(models.slice(0, 1));
    const cancelled = await call(world, 'DELETE', `/v1/warmups/${body.id}`);
    expect([cancelled.status, cancelled.body.state]).toEqual([202, 'cancelled']);
    await call(world, 'DELETE', '/v1/fleet/frozen');
    world.triton.sim.inject({ kind: 'clear' });
    expect((await ended(body.id)).state).toMatch(/cancelled|done/);
  });

  it.each([
    [{}, 'models', 'is required'],
    [{ models: [] }, 'models', 'must have 1 to 1000 models'],
    [
      { models: Array.from({ length: 1_001 }, (_, nth) => `m${nth}`) },
      'models',
      'must have 1 to 1000 models',
    ],
    [{ models: ['a', 'a'] }, 'models', 'must name each model once'],
    [{ models: ['../a'] }, 'models[0]', expect.any(String)],
    [{ models: ['a'], waitMs: 1 }, 'waitMs', expect.any(String)],
  ])('are refused with field and rule, and nothing is begun: %#', async (body, path, rule) => {
    const { status, body: problem } = await call(world, 'POST', '/v1/warmups', body);
    expect([status, problem.reason, problem.errors]).toEqual([400, 'invalid_request', [{ path, rule }]]);
  });

  it('are told to be none where the id is of none', async () => {
    for (const method of ['GET', 'DELETE']) {
      const { status, body } = await call(world, method, `/v1/warmups/${NONE}`);
      expect([status, body.reason]).toEqual([404, 'unknown_warmup']);
    }
    const { status, body } = await call(world, 'GET', '/v1/warmups/nobody');
    expect([status, body.errors[0].path]).toEqual([400, 'id']);
  });

  it('are started, looked at and cancelled from the command line', async () => {
    const env = { BERTH_URL: world.scheduler.http };
    const begun = await berthctl(['warmup', 'start', 'resnet50', 'nobody', '--wait-ms', '60000'], env);
    expect([begun.status, begun.out]).toEqual([1, expect.stringMatching(/1 ready, 1 failed, 0 left/)]);
    expect(begun.out).toMatch(/nobody +unknown_model/);
    const id = /wu_[0-9a-f]{32}/.exec(begun.out)![0];
    expect(await berthctl(['warmup', 'get', id], env)).toMatchObject({ status: 0 });
    expect(await berthctl(['warmup', 'cancel', id, '-o', 'json'], env)).toMatchObject({ status: 0 });
    expect(await berthctl(['warmup', 'start', '../x'], env)).toMatchObject({ status: 2 });
    expect(await berthctl(['warmup', 'get', NONE], env)).toMatchObject({ status: 1 });
  });
});

describe('a warm-up that a restart finds', () => {
  it('goes on with what has not ended', async () => {
    const world = await startWorld();
    try {
      world.triton.sim.inject({ kind: 'loadSlow', model: 'bert-large', ms: 600_000 });
      const { body } = await call(world, 'POST', '/v1/warmups', { models: ['resnet50', 'bert-large'] });
      const get = async () => (await call(world, 'GET', `/v1/warmups/${body.id}`)).body;
      await until(async () => (await get()).ready === 1);
      await world.restart();
      expect(await get()).toMatchObject({ ready: 1, left: 1, endedAt: null });
      await call(world, 'DELETE', `/v1/warmups/${body.id}`);
      expect((await get()).state).toBe('cancelled');
    } finally {
      await world.close();
    }
  });
});
