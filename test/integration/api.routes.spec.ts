import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { routeEventSchema, routeTableSchema } from '#contracts';
import type { ReplicaId } from '#core';
import { EventReader } from '../support/event-reader.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const ROUTES = '/v1/routes';
const WATCH = '/v1/routes/watch';
const USAGE = '/v1/routes/usage';

let world: World;
const readers: EventReader[] = [];

beforeAll(async () => {
  world = await startWorld();
  await load('resnet50');
});

afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});

afterAll(() => world.close());

async function load(model: string): Promise<void> {
  expect((await call(world, 'POST', `/v1/models/${model}/resolve`)).status).toBe(200);
}

async function watch(headers: Record<string, string> = {}, query = ''): Promise<EventReader> {
  const reader = await EventReader.open(world.scheduler.http, headers, query);
  readers.push(reader);
  return reader;
}

const list = (headers: Record<string, string> = {}) => call(world, 'GET', ROUTES, undefined, headers);
const copyOf = (model: string) => world.scheduler.engine.fleet.replicas.get(`${model}@a` as ReplicaId);

describe('GET /v1/routes', () => {
  it('tells the whole table, and its version as ETag', async () => {
    const { status, headers, body } = await list();
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache']);
    const { routeVersion, servers, routes } = routeTableSchema.parse(body);
    expect(headers.get('etag')).toBe(`"${routeVersion.term}-${routeVersion.sequence}"`);
    expect(servers.map(({ id, labels }) => [id, labels])).toEqual([['a', { zone: 'a' }]]);
    expect(routes.find(({ model }) => model === 'resnet50')).toMatchObject({
      ...{ server: 'a', versions: ['1'], isFailing: false, isEnding: false, leasesEndInMs: null },
    });
  });

  it('answers 304 to a caller that has it, and the table to others', async () => {
    const etag = (await list()).headers.get('etag')!;
    for (const has of [etag, `W/${etag}`, `"0-0", ${etag}`, '*']) {
      const { status, headers, body } = await list({ 'if-none-match': has });
      expect([has, status, headers.get('etag'), body]).toEqual([has, 304, etag, null]);
    }
    for (const has of ['"0-0"', 'nonsense', etag.replaceAll('"', '')])
      expect((await list({ 'if-none-match': has })).status).toBe(200);
  });

  it('answers the table where it has changed since', async () => {
    const etag = (await list()).headers.get('etag')!;
    await load('bert-base');
    const { status, headers, body } = await list({ 'if-none-match': etag });
    expect(status).toBe(200);
    expect(headers.get('etag')).not.toBe(etag);
    expect(body.routes.map(({ model }: { model: string }) => model)).toEqual(
      expect.arrayContaining(['resnet50', 'bert-base']),
    );
  });

  it('takes no query', async () => {
    const { status, body } = await call(world, 'GET', `${ROUTES}?model=m`);
    expect([status, body.errors]).toEqual([400, [{ path: 'model', rule: 'is not a known key' }]]);
  });
});

describe('GET /v1/routes/watch', () => {
  it('tells only what is newer to a client that comes back', async () => {
    const before = await watch();
    await load('bert-large');
    await until(() => before.rows.has('bert-large@a'));
    before.close();
    await load('clip-vit-l14');
    const after = await watch({ 'last-event-id': before.lastId });
    const { data } = await after.first();
    expect(data.resets).toBe(false);
    expect(after.rows).toContain('clip-vit-l14@a');
    expect(after.rows).not.toContain('resnet50@a');
  });

  it.each(['0-0', '999-1', `${Number.MAX_SAFE_INTEGER}-${Number.MAX_SAFE_INTEGER}`])(
    'tells all to a client whose version is not known: %s',
    async (id) => {
      const reader = await watch({ 'last-event-id': id });
      expect((await reader.first()).data.resets).toBe(true);
      expect(reader.rows).toContain('resnet50@a');
    },
  );

  it.each(['x', '1', '1-', '-1', '1-2-3', '1.5-2', ' ', '1-1, 1-2', `1-${2 ** 53}`])(
    'refuses what is no id of an event: %j',
    async (id) => {
      const { status, body } = await call(world, 'GET', WATCH, undefined, { 'last-event-id': id });
      const rule = 'must be the id of an event: TERM-SEQUENCE';
      expect([status, body.reason, body.errors]).toEqual([
        ...[400, 'invalid_request'],
        [{ path: 'Last-Event-ID', rule }],
      ]);
    },
  );

  it.each([
    ['watcher', '', 'must not be empty'],
    ['watcher', 'x'.repeat(129), 'must have at most 128 characters'],
    ['have', '1-1', 'is not a known key'],
  ])('refuses a query that breaks a rule: %s', async (key, value, rule) => {
    const { status, body } = await call(world, 'GET', `${WATCH}?${key}=${value}`);
    expect([status, body.errors]).toEqual([400, [{ path: key, rule }]]);
  });

  it('answers HEAD, which is told nothing', async () => {
    const { status, headers } = await call(world, 'HEAD', WATCH);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });
});

describe('POST /v1/routes/usage', () => {
  const use = { model: 'resnet50', server: 'a', lastUsedMsAgo: 0, inUseForMs: 10_000, routes: 3 };
  const report = (body: unknown) => call(world, 'POST', USAGE, body);

  it('has a copy be unloaded as idle later', async () => {
    const idleAt = async (): Promise<string> =>
      (await call(world, 'GET', '/v1/models/resnet50')).body.copies[0].idleUnloadAt;
    const before = await idleAt();
    const { status, body } = await report({ watcher: 'gw-1', uses: [use], doubted: [] });
    expect([status, body]).toEqual([204, null]);
    await until(async () => (await idleAt()) > before);
  });

  it('takes null for what is left out, and a use that has ended', async () => {
    const before = (copyOf('resnet50') as { lastUse: number }).lastUse;
    const least = { model: 'resnet50', server: 'a' };
    expect((await report({ uses: [{ ...least, inUseForMs: null, routes: 1 }], doubted: null })).status).toBe(
      204,
    );
    await until(() => (copyOf('resnet50') as { lastUse: number }).lastUse > before);
    expect((await report({})).status).toBe(204);
  });

  it('has servers be looked at on which callers have failed', async () => {
    const server = () => world.scheduler.engine.fleet.servers.get('a' as never)!;
    const before = server().lookedAt!;
    expect((await report({ doubted: ['a', 'unknown'] })).status).toBe(204);
    await until(() => server().lookedAt! > before);
  });

  it('takes as many uses and servers as over gRPC, as far as a body has room', async () => {
    const most = { uses: Array(1_000).fill({ model: 'm', server: 's' }), doubted: Array(100).fill('s') };
    expect((await report(most)).status).toBe(204);
    const more = { uses: [...most.uses, use], doubted: [...most.doubted, 'a'] };
    const { status, body } = await report(more);
    expect([status, body.errors]).toEqual([
      400,
      [
        { path: 'uses', rule: 'must have at most 1000 entries' },
        { path: 'doubted', rule: 'must have at most 100 entries' },
      ],
    ]);
    expect((await report({ uses: Array(1_000).fill(use) })).status).toBe(413);
  });

  const NAME = expect.stringContaining('must be a name');
  it.each<[unknown, string, unknown]>([
    [undefined, '', 'a body is required'],
    [[], '', 'must be a mapping of keys to values'],
    [{ watcher: '' }, 'watcher', 'must not be empty'],
    [{ watcher: 'x'.repeat(129) }, 'watcher', 'must have at most 128 characters'],
    [{ watcher: 7 }, 'watcher', expect.any(String)],
    [{ peer: {} }, 'peer', 'is not a known key'],
    [{ uses: {} }, 'uses', expect.any(String)],
    [{ uses: [null] }, 'uses[0]', 'must be a mapping of keys to values'],
    [{ uses: [{ ...use, model: undefined }] }, 'uses[0].model', 'is required'],
    [{ uses: [{ ...use, model: '../m' }] }, 'uses[0].model', NAME],
    [{ uses: [{ ...use, server: '' }] }, 'uses[0].server', NAME],
    [
      { uses: [{ ...use, lastUsedMsAgo: -1 }] },
      'uses[0].lastUsedMsAgo',
      expect.stringContaining('from 0 to'),
    ],
    [{ uses: [{ ...use, inUseForMs: 10_001 }] }, 'uses[0].inUseForMs', expect.stringContaining('to 10000')],
    [{ uses: [{ ...use, inUseForMs: '5' }] }, 'uses[0].inUseForMs', expect.stringContaining('to 10000')],
    [{ uses: [{ ...use, routes: 1.5 }] }, 'uses[0].routes', expect.stringContaining('whole number')],
    [{ uses: [{ ...use, routes: 2 ** 32 }] }, 'uses[0].routes', expect.stringContaining('to 4294967295')],
    [{ uses: [{ ...use, lease: 1 }] }, 'uses[0].lease', 'is not a known key'],
    [{ doubted: ['a', 'b/c'] }, 'doubted[1]', NAME],
    [{ acknowledged: 'x'.repeat(65) }, 'acknowledged', 'must have at most 64 characters'],
    [{ acknowledged: 'latest' }, 'acknowledged', expect.any(String)],
    [{ acknowledged: 7 }, 'acknowledged', expect.any(String)],
  ])('refuses the body %#', async (body, path, rule) => {
    const { status, body: told } = await report(body);
    expect([status, told.reason, told.errors]).toEqual([400, 'invalid_request', [{ path, rule }]]);
  });
});

// Last: an unload changes the rows of all models of its server.
describe('GET /v1/routes/watch, as routes change', () => {
  it('tells all, then what changes, and a beat, as it is published', async () => {
    const reader = await watch({}, '?watcher=gw-1');
    const { status, headers } = reader.response;
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      ...[200, 'text/event-stream', 'no-store'],
    ]);
    const first = await reader.first();
    expect(first).toMatchObject({ event: 'routes', retry: 1_000, data: { resets: true } });
    expect(reader.rows).toContain('resnet50@a');
    await load('mobilenet-v2');
    await until(() => reader.rows.has('mobilenet-v2@a'));
    expect((await call(world, 'POST', '/v1/models/mobilenet-v2/unload', { force: true })).status).toBe(202);
    await until(() => !reader.rows.has('mobilenet-v2@a'));
    await reader.first(({ data }) => data.rows.length + data.gone.length + data.servers.length === 0);
    for (const { id, data } of reader.events) {
      const { hasMore, version, resets } = routeEventSchema.parse(data);
      expect(id).toBe(hasMore ? null : `${version.term}-${version.sequence}`);
      expect(resets).toBe(data === first.data);
    }
  });
});
