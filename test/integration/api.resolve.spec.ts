import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { PATIENCE_MS, until } from '../support/until.js';
import { call, rpcClient, type RpcClient, startWorld, type World } from '../support/running-scheduler.js';

describe('resolve', () => {
  let world: World;
  let router: RpcClient;

  beforeAll(async () => {
    world = await startWorld({
      yaml: 'models: { shy: { enabled: false }, huge: { gpuMemoryLimitMb: 99999 }, t5-large: { coldStart: { maxQueue: 1 } } }',
    });
    router = rpcClient(world, 'Router');
  });

  afterAll(async () => {
    router.close();
    await world.close();
  });

  it('lets a cold request wait for the load, and answers a warm one at once', async () => {
    const cold = await call(world, 'POST', '/v1/models/resnet50/resolve');
    expect(cold.status).toBe(200);
    expect(cold.body).toEqual({
      model: 'resnet50',
      version: expect.any(String),
      server: {
        id: 'a',
        grpc: world.triton.addresses.grpc,
        http: world.triton.addresses.http,
        labels: { zone: 'a' },
      },
      devices: [0, 1],
      routeVersion: { term: '1', sequence: expect.stringMatching(/^[0-9]+$/) },
      leaseMs: 10000,
      cold: true,
      waitedMs: expect.any(Number),
      stale: false,
    });
    expect(cold.body.waitedMs).toBeGreaterThan(0);
    const warm = await call(world, 'POST', '/v1/models/resnet50/resolve', { leaseMs: 5, requestId: 'x' });
    expect(warm.body).toMatchObject({ cold: false, waitedMs: 0, leaseMs: 5 });
  });

  it('tells the same over gRPC', async () => {
    const route = await router.call('resolve', { model: 'mobilenet-v2', leaseMs: 20 }, new Metadata());
    expect(route).toMatchObject({
      model: 'mobilenet-v2',
      version: expect.any(String),
      server: { id: 'a', labels: { zone: 'a' } },
      leaseMs: 20,
      routeVersion: { term: '1' },
    });
  });

  it('starts the load and says how far it is where the caller will not wait', async () => {
    const { status, headers, body } = await call(world, 'POST', '/v1/models/bert-base/resolve', {
      waitMs: 0,
    });
    expect(status).toBe(503);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(body).toMatchObject({
      type: 'urn:berth:problem:loading',
      status: 503,
      reason: 'loading',
      instance: '/v1/models/bert-base/resolve',
      etaMs: expect.any(Number),
      phase: expect.stringMatching(/^(waiting|placed|loading)$/),
      position: expect.any(Number),
    });
    const later = await call(world, 'POST', '/v1/models/bert-base/resolve');
    expect(later.status).toBe(200);
  });

  it('turns away at once a request that cannot be served in time, and loads the model for the next one', async () => {
    const answer = await call(world, 'POST', '/v1/models/whisper-small/resolve', { waitMs: 100 });
    expect([answer.status, answer.body.reason]).toEqual([503, 'deadline_unreachable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const error = await refusal(router, { model: 'yolov8m', waitMs: 100 });
    expect(error.code).toBe(8);
    expect(error.metadata.get('grpc-status-details-bin')[0]!.toString()).toContain('DEADLINE_UNREACHABLE');
    expect(Number(error.metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThanOrEqual(1_000);
    const state = async (): Promise<string> =>
      (await call(world, 'GET', '/v1/models/whisper-small')).body.state;
    await until(async () => (await state()) === 'ready');
  });

  it('says in a refusal what the caller calls its request, over HTTP and gRPC', async () => {
    const requestId = 'trace-4711';
    const cold = await call(world, 'POST', '/v1/models/nowhere/resolve', { requestId });
    expect([cold.body.reason, cold.body.requestId]).toEqual(['unknown_model', requestId]);
    const wrong = await call(world, 'POST', '/v1/models/nowhere/resolve', { requestId, waitMs: -1 });
    expect([wrong.body.reason, wrong.body.requestId]).toEqual(['invalid_request', requestId]);
    const long = { requestId: 'x'.repeat(129) };
    const misnamed = await call(world, 'POST', '/v1/models/nowhere/resolve', long);
    expect(misnamed.body.errors).toEqual([{ path: 'requestId', rule: 'must have at most 128 characters' }]);
    expect(misnamed.body).not.toHaveProperty('requestId');
    for (const request of [{ model: 'nowhere' }, { model: '..' }]) {
      const error = await refusal(router, { ...request, requestId });
      const details = error.metadata.get('grpc-status-details-bin')[0]!.toString();
      expect(details).toContain('google.rpc.RequestInfo');
      expect(details).toContain(requestId);
    }
  });

  it('looks at once at the servers that a caller has failed on', async () => {
    const observedAt = async (): Promise<string> =>
      (await call(world, 'GET', '/v1/servers/a')).body.observedAt;
    await call(world, 'POST', '/v1/models/resnet50/resolve');
    const asked = new Date().toISOString();
    const answer = await call(world, 'POST', '/v1/models/resnet50/resolve', {
      avoid: ['a'],
      waitMs: PATIENCE_MS,
    });
    expect([answer.status, answer.body.server.id]).toEqual([200, 'a']);
    expect((await observedAt()) >= asked).toBe(true);
    const elsewhere = await call(world, 'POST', '/v1/models/resnet50/resolve', { avoid: ['nowhere'] });
    expect(elsewhere.status).toBe(200);
  });

  it.each([
    ['unknown_model', 'nobody', {}, 404, 5],
    ['unknown_version', 'resnet50', { version: '77' }, 404, 5],
    ['disabled', 'shy', {}, 409, 9],
    ['infeasible', 'huge', {}, 422, 9],
  ])('refuses with %s on both interfaces', async (reason, model, fields, http, grpc) => {
    const answer = await call(world, 'POST', `/v1/models/${model}/resolve`, fields);
    expect([answer.status, answer.body.reason]).toEqual([http, reason]);
    const error = await refusal(router, { model, ...fields });
    expect(error.code).toBe(grpc);
    expect(error.metadata.get('grpc-status-details-bin')[0]!.toString()).toContain(reason.toUpperCase());
  });

  it.each([
    ['an unknown field', { waitms: 1 }, 'waitms'],
    ['a wrong type', { waitMs: '1' }, 'waitMs'],
    ['a negative number', { waitMs: -1 }, 'waitMs'],
    ['a lease that is too long', { leaseMs: 600_001 }, 'leaseMs'],
    ['a class that is none', { class: 'high' }, 'class'],
    ['an affinity key that is too long', { affinityKey: 'k'.repeat(10_000) }, 'affinityKey'],
    ['a bad server name', { avoid: ['..'] }, 'avoid[0]'],
    ['another model than in the path', { model: 'other' }, 'model'],
  ])('names the field and the rule for %s', async (_, body, path) => {
    const answer = await call(world, 'POST', '/v1/models/resnet50/resolve', body);
    expect([answer.status, answer.body.reason]).toEqual([400, 'invalid_request']);
    expect(answer.body.errors).toEqual([{ path, rule: expect.any(String) }]);
  });

  it('takes an affinity key of 128 characters over both interfaces, and no longer one', async () => {
    const affinityKey = 'ü'.repeat(128);
    const answer = await call(world, 'POST', '/v1/models/resnet50/resolve', { affinityKey });
    expect(answer.body).toMatchObject({ server: { id: 'a' } });
    const route = await router.call('resolve', { model: 'resnet50', affinityKey }, new Metadata());
    expect(route).toMatchObject({ server: { id: 'a' } });
    const error = await refusal(router, { model: 'resnet50', affinityKey: `${affinityKey}!` });
    expect([error.code, error.details]).toEqual([3, 'affinityKey: must have at most 128 characters']);
  });

  it.each([
    ['malformed JSON', '/v1/models/resnet50/resolve', '{', 400, 'invalid_request'],
    ['a body that is too large', '/v1/models/resnet50/resolve', `"${'x'.repeat(70_000)}"`, 413, 'too_large'],
    ['a bad name', '/v1/models/a..b/resolve', {}, 400, 'invalid_request'],
    ['a name that is too long', `/v1/models/${'x'.repeat(300)}/resolve`, {}, 400, 'invalid_request'],
    ['a path that is none', '/v1/nothing', {}, 404, 'not_found'],
    ['a query', '/v1/models/resnet50/resolve?waitMs=1', {}, 400, 'invalid_request'],
  ])('answers %s with a problem', async (_, path, body, status, reason) => {
    const answer = await call(world, 'POST', path, body);
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('refuses a form, a foreign page and a rebound name', async () => {
    const path = '/v1/models/resnet50/resolve';
    const form = await call(world, 'POST', path, 'a=1', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(form.status).toBe(415);
    const foreign = await call(world, 'POST', path, {}, { origin: 'https://example.com' });
    expect([foreign.status, foreign.body.reason]).toEqual([403, 'not_allowed']);
  });

  it('turns away a lower class that waits where a higher one finds the queue full, with the time to come again', async () => {
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'so that both wait' });
    const path = '/v1/models/t5-large/resolve';
    const lower = call(world, 'POST', path, { class: 'sheddable' });
    const { fleet } = world.scheduler.engine;
    await until(() => fleet.waiting.size === 1);
    const higher = call(world, 'POST', path, { class: 'critical' });
    const { status, body, headers } = await lower;
    expect([status, body.reason]).toEqual([429, 'queue_full']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await expect(router.call('resolve', { model: 't5-large' }, new Metadata())).rejects.toMatchObject({
      code: 8,
    });
    await call(world, 'DELETE', '/v1/fleet/frozen');
    expect((await higher).status).toBe(200);
  });

  it('lets go of callers that have gone', async () => {
    const gone = new AbortController();
    const url = `${world.scheduler.http}/v1/models/mistral-7b/resolve`;
    const waiting = fetch(url, { method: 'POST', signal: gone.signal }).catch((error: Error) => error.name);
    const { fleet } = world.scheduler.engine;
    await until(() => fleet.waiting.size === 1);
    gone.abort();
    expect(await waiting).toBe('AbortError');
    await until(() => fleet.waiting.size === 0);
  });

  it('answers before the deadline of a gRPC call, with the reason', async () => {
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'so that it waits' });
    // Asked again where the client itself has given up: a busy machine may deliver an answer later than it was given.
    const error = await until(async () => {
      const refused = await refusal(router, { model: 'mistral-7b' }, 600);
      return refused.code === status.DEADLINE_EXCEEDED ? undefined : refused;
    });
    expect([8, 14]).toContain(error.code);
    // A freeze tells no time to come back, unless the load had begun before it.
    expect(error.metadata.get('grpc-status-details-bin')).toHaveLength(1);
  });
});

async function refusal(router: RpcClient, request: object, deadlineMs?: number): Promise<ServiceError> {
  try {
    await router.call('resolve', request, new Metadata(), deadlineMs);
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call was answered');
}
