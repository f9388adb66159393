import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { FakeAccess } from '../support/fake-access.js';
import { call, rpcClient, type RpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

/** So many requests may wait for the model that both tenants ask for. */
const MAX_WAITING = 8;
const YAML = `models: { t5-large: { coldStart: { maxQueue: ${MAX_WAITING}, maxWaitMs: ${PATIENCE_MS} } }, grave: { class: critical } }`;

describe('callers with credentials', () => {
  const access = new FakeAccess(1);
  const admin = access.know('admin-1', { role: 'admin', tenant: 'platform' });
  const other = access.know('admin-2', { role: 'admin', tenant: 'platform' });
  const operator = access.know('operator', { role: 'operator' });
  const gateway = access.know('gateway', { tenant: 'risk', maxClass: 'default' });
  const RESOLVE = '/v1/models/resnet50/resolve';
  let world: World;
  let router: RpcClient;
  let rpc: RpcClient;

  beforeAll(async () => {
    world = await startWorld({ yaml: YAML, parts: { access }, headers: admin });
    router = rpcClient(world, 'Router');
    rpc = rpcClient(world, 'Admin');
  });

  afterAll(async () => {
    router.close();
    rpc.close();
    await world.close();
  });

  it('may ask for a class up to the highest of theirs, whatever that of the model', async () => {
    const critical = { class: 'critical', requestId: 'r-1' };
    const { status: told, body } = await call(world, 'POST', RESOLVE, critical, gateway);
    expect([told, body.reason, body.requestId]).toEqual([403, 'not_allowed', 'r-1']);
    expect(body.detail).toContain('default');
    const overGrpc = router.call('resolve', { model: 'resnet50', ...critical }, metadata(gateway));
    await expect(overGrpc).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    expect((await call(world, 'POST', RESOLVE, { class: 'default' }, gateway)).status).toBe(200);
    const ofItsModel = await call(world, 'POST', '/v1/models/grave/resolve', { waitMs: 0 }, gateway);
    expect(ofItsModel.status).not.toBe(403);
    await router.call('resolve', { model: 'resnet50', class: 'sheddable' }, metadata(gateway));
  });

  it('need the right to declare for an unload with force, and only then', async () => {
    const path = '/v1/models/resnet50/unload';
    const forced = await call(world, 'POST', path, { force: true }, operator);
    expect([forced.status, forced.body.reason]).toEqual([403, 'not_allowed']);
    const overGrpc = rpc.call('unloadModel', { model: 'resnet50', force: true }, metadata(operator));
    await expect(overGrpc).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    expect((await call(world, 'POST', path, { force: false }, operator)).status).toBe(202);
    await rpc.call('unloadModel', { model: 'resnet50' }, metadata(operator));
    await rpc.call('unloadModel', { model: 'resnet50', force: true }, metadata(admin));
    expect((await call(world, 'POST', path, { force: true }, admin)).status).toBe(202);
  });

  it('have idempotency keys of their own', async () => {
    const put = (caller: Record<string, string>, labels: object) =>
      call(world, 'PUT', '/v1/models/mine', { labels }, { ...caller, 'idempotency-key': 'k' });
    expect((await put(admin, { by: 'one' })).status).toBe(201);
    expect((await put(other, { by: 'other' })).body.labels).toEqual({ by: 'other' });
    const again = await put(admin, { by: 'other' });
    expect([again.status, again.body.reason]).toEqual([422, 'idempotency_key_reused']);
  });

  it('wait until a new token is verified, and are told to come again where too many are', async () => {
    const release = access.hold();
    const first = call(world, 'GET', '/v1/fleet', undefined, access.knowUnseen('first', { role: 'viewer' }));
    await until(() => access.underWay === 1);
    const second = access.knowUnseen('second', { role: 'viewer' });
    const { status: busy, body, headers } = await call(world, 'GET', '/v1/fleet', undefined, second);
    expect([busy, body.reason]).toEqual([503, 'busy']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    const overGrpc = rpc.call('getFleet', {}, metadata(second));
    await expect(overGrpc).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect((await call(world, 'GET', '/v1/fleet', undefined, admin)).status).toBe(200);
    release();
    expect((await first).status).toBe(200);
    expect(await rpc.call('getFleet', {}, metadata(second))).toMatchObject({ fleet: 'berth' });
  });

  it('are refused where their token turns out to be none', async () => {
    const refused = ['over-http', 'over-grpc'].map((token) => {
      const headers = access.knowUnseen(token, { role: 'viewer' });
      access.expire(token);
      return headers;
    });
    expect((await call(world, 'GET', '/v1/fleet', undefined, refused[0])).status).toBe(401);
    const overGrpc = rpc.call('getFleet', {}, metadata(refused[1]!));
    await expect(overGrpc).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('are refused with two credentials, though each is valid', async () => {
    const both = [admin, other].flatMap((one) => ['authorization', one['authorization']!]);
    const headers = ['host', 'localhost', ...both];
    const sent = request(`${world.scheduler.http}/v1/fleet`, { headers }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(401);
  });

  it('are told who froze the fleet, and why, where they may read', async () => {
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'drivers' }, admin);
    const ask = (headers: Record<string, string>) =>
      call(world, 'POST', '/v1/models/t5-large/resolve', { waitMs: 0 }, headers);
    const told = { detail: 'frozen', frozenBy: 'admin-1', frozenReason: 'drivers' };
    expect((await ask(operator)).body).toMatchObject(told);
    const { body, headers } = await ask(gateway);
    expect(body).toMatchObject({ reason: 'loading', detail: 'frozen' });
    expect([body.frozenBy, body.frozenReason, headers.get('retry-after')]).toEqual([
      undefined,
      undefined,
      null,
    ]);
    const overGrpc = router.call('resolve', { model: 't5-large', waitMs: 0 }, metadata(admin));
    const { metadata: trailers } = await overGrpc.then(
      (answer) => Promise.reject(new Error(JSON.stringify(answer))),
      (error: ServiceError) => error,
    );
    const details = String(trailers.get('grpc-status-details-bin')[0]);
    expect(details).toMatch(/frozenBy[^]*admin-1[^]*frozenReason[^]*drivers/);
    await call(world, 'DELETE', '/v1/fleet/frozen', undefined, admin);
  });

  it('ask for their own tenants: of two the one that floods is over its share', async () => {
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'so that all wait' }, admin);
    const path = '/v1/models/t5-large/resolve';
    const flooding = access.know('flooding', { tenant: 'flooding' });
    const quiet = access.know('quiet', { tenant: 'quiet' });
    const flood = Array.from({ length: MAX_WAITING }, () => call(world, 'POST', path, {}, flooding));
    const { fleet } = world.scheduler.engine;
    await until(() => fleet.waiting.size === MAX_WAITING);
    const served = [
      call(world, 'POST', path, {}, quiet),
      router.call('resolve', { model: 't5-large' }, metadata(quiet)).then(() => ({ status: 200 })),
    ];
    const waiting = (): string[] => [...fleet.waiting.values()].map(({ tenant }) => tenant);
    await until(() => waiting().filter((tenant) => tenant === 'quiet').length === served.length);
    expect(waiting().filter((tenant) => tenant === 'flooding')).toHaveLength(MAX_WAITING - served.length);
    await call(world, 'DELETE', '/v1/fleet/frozen', undefined, admin);
    const told = (await Promise.all(flood)).map(({ body }) => body.reason ?? 'served');
    expect(told.filter((reason) => reason === 'over_share')).toHaveLength(served.length);
    expect(told.filter((reason) => reason === 'served')).toHaveLength(MAX_WAITING - served.length);
    expect((await Promise.all(served)).map(({ status: one }) => one)).toEqual([200, 200]);
  });
});

function metadata(headers: Record<string, string>): Metadata {
  const made = new Metadata();
  for (const [key, value] of Object.entries(headers)) made.set(key, value);
  return made;
}
