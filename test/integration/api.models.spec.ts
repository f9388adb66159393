import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { toStruct } from '#contracts';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const FILE = `
models:
  filed: { gpuMemoryLimitMb: 100, labels: { team: risk } }
  resnet50: { gpuMemoryLimitMb: 420 }
`;

describe('models', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ yaml: FILE });
  });

  afterAll(async () => {
    await world.close();
  });

  const get = async (name: string) => (await call(world, 'GET', `/v1/models/${name}`)).body;

  it('lists declared and discovered models in order, page by page', async () => {
    const all = await call(world, 'GET', '/v1/models');
    const names = all.body.items.map(({ name }: { name: string }) => name);
    expect(names).toEqual([...names].sort((one, other) => (one < other ? -1 : 1)));
    expect(names).toEqual(expect.arrayContaining(['filed', 'resnet50', 'bert-base']));
    expect(all.body.nextPageToken).toBe('');
    const first = await call(world, 'GET', '/v1/models?pageSize=2');
    const second = await call(world, 'GET', `/v1/models?pageSize=2&pageToken=${first.body.nextPageToken}`);
    expect([...first.body.items, ...second.body.items].map(({ name }) => name)).toEqual(names.slice(0, 4));
  });

  it('filters by label, state and server', async () => {
    const labelled = await call(world, 'GET', '/v1/models?label=team=risk');
    expect(labelled.body.items.map(({ name }: { name: string }) => name)).toEqual(['filed']);
    const others = await call(world, 'GET', '/v1/models?label=team&label=team!=risk');
    expect(others.body.items).toEqual([]);
    const set = await call(world, 'GET', '/v1/models?label=team%20in%20(risk)');
    expect(set.body.errors).toEqual([{ path: 'label', rule: expect.stringMatching(/^must be key, !key, /) }]);
    const ready = await call(world, 'GET', '/v1/models?state=ready&server=a');
    expect(ready.body.items).toEqual([]);
    const wrong = await call(world, 'GET', '/v1/models?pageSize=1001&nothing=1&state=redy');
    expect(wrong.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'nothing',
      'pageSize',
      'state',
    ]);
  });

  it('prints every key of a model', async () => {
    expect(await get('filed')).toEqual({
      name: 'filed',
      source: 'file',
      revision: '0',
      enabled: true,
      labels: { team: 'risk' },
      spec: { gpuMemoryLimitMb: 100, labels: { team: 'risk' } },
      effective: expect.objectContaining({ gpuMemoryLimitMb: 100, cpuMemoryLimitMb: 4096, dependsOn: [] }),
      pin: null,
      state: 'absent',
      copies: [],
      waiting: 0,
      lastFailure: null,
      nextTryAt: null,
      lastUnload: null,
    });
    expect((await get('bert-base')).source).toBe('discovered');
  });

  it('declares, changes and withdraws, with a revision that only writes change', async () => {
    const created = await call(world, 'PUT', '/v1/models/mine', { gpuMemoryLimitMb: 10 });
    expect([created.status, created.body.revision, created.headers.get('etag')]).toEqual([201, '1', '"1"']);
    const again = await call(
      world,
      'PUT',
      '/v1/models/mine',
      { gpuMemoryLimitMb: 20 },
      { 'if-match': '"1"' },
    );
    expect([again.status, again.body.revision, again.body.source]).toEqual([200, '2', 'api']);
    const stale = await call(world, 'PUT', '/v1/models/mine', {}, { 'if-match': '"1"' });
    expect([stale.status, stale.body.reason]).toEqual([412, 'revision_mismatch']);
    const patched = await call(world, 'PATCH', '/v1/models/mine', {
      class: 'critical',
      gpuMemoryLimitMb: null,
    });
    expect(patched.body.spec).toEqual({ class: 'critical' });
    expect(patched.body.effective.gpuMemoryLimitMb).toBe(2048);
    const gone = await call(world, 'DELETE', '/v1/models/mine');
    expect([gone.status, gone.body]).toEqual([204, null]);
    expect((await call(world, 'GET', '/v1/models/mine')).body.reason).toBe('unknown_model');
    const back = await call(world, 'PUT', '/v1/models/mine', {});
    expect([back.status, back.body.revision]).toEqual([201, '5']);
  });

  it('lays the API over the file, field by field, and takes only its own layer back', async () => {
    await call(world, 'PATCH', '/v1/models/filed', { cpuMemoryLimitMb: 7 });
    expect(await get('filed')).toMatchObject({
      source: 'file',
      effective: { gpuMemoryLimitMb: 100, cpuMemoryLimitMb: 7 },
    });
    expect((await call(world, 'DELETE', '/v1/models/filed')).status).toBe(204);
    expect((await get('filed')).effective.cpuMemoryLimitMb).toBe(4096);
    const refused = await call(world, 'DELETE', '/v1/models/filed');
    expect([refused.status, refused.body.reason]).toEqual([409, 'declared_in_file']);
  });

  it('names every broken rule and changes nothing', async () => {
    const body = { gpuMemoryLimitMb: -1, colour: 'red', coldStart: { policy: 'maybe' } };
    const refused = await call(world, 'PUT', '/v1/models/broken', body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'coldStart.policy',
      'colour',
      'gpuMemoryLimitMb',
    ]);
    expect((await call(world, 'GET', '/v1/models/broken')).status).toBe(404);
    expect((await call(world, 'PATCH', '/v1/models/resnet50', '[')).status).toBe(400);
    expect((await call(world, 'PUT', '/v1/models/resnet50')).status).toBe(400);
  });

  it('gives the same answer to the same write, and refuses the key for another one', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const first = await call(world, 'PUT', '/v1/models/once', { gpuMemoryLimitMb: 1 }, key);
    const second = await call(world, 'PUT', '/v1/models/once', { gpuMemoryLimitMb: 1 }, key);
    expect([second.status, second.body.revision]).toEqual([first.status, first.body.revision]);
    const other = await call(world, 'PUT', '/v1/models/once', { gpuMemoryLimitMb: 2 }, key);
    expect([other.status, other.body.reason]).toEqual([422, 'idempotency_key_reused']);
    await world.restart();
    const third = await call(world, 'PUT', '/v1/models/once', { gpuMemoryLimitMb: 1 }, key);
    expect([third.status, third.body]).toEqual([first.status, second.body]);
  });

  it('answers a write again with the model as it is, and the status, ETag and state of the first answer', async () => {
    const key = { 'idempotency-key': 'load-1' };
    const path = '/v1/models/bert-base';
    const load = () => call(world, 'POST', `${path}/load?waitMs=${PATIENCE_MS}`, undefined, key);
    const first = await load();
    expect([first.status, first.body.state]).toEqual([202, 'ready']);
    await call(world, 'PATCH', path, { labels: { team: 'risk' } });
    await call(world, 'POST', `${path}/unload?waitMs=${PATIENCE_MS}`, { force: true });
    for (const restarts of [false, true]) {
      if (restarts) await world.restart();
      const again = await load();
      expect([again.status, again.headers.get('etag')]).toEqual([202, first.headers.get('etag')]);
      expect(again.body).toMatchObject({ state: 'ready', copies: [], labels: { team: 'risk' } });
      expect(again.body.revision).toBe(first.body.revision);
    }
    await call(world, 'DELETE', path);
  });

  it('knows a body again whose keys come in another order, and refuses one that is nested beyond reason', async () => {
    const put = (body: unknown) =>
      call(world, 'PUT', '/v1/models/ordered', body, { 'idempotency-key': 'ordered' });
    expect((await put({ enabled: true, gpuMemoryLimitMb: 1 })).status).toBe(201);
    expect((await put({ gpuMemoryLimitMb: 1, enabled: true })).status).toBe(201);
    const deep = `{"config":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect((await put(deep)).body.errors[0].rule).toBe('must be nested at most 64 deep');
    await call(world, 'DELETE', '/v1/models/ordered');
  });

  it('loads and unloads by order, and says why it let go', async () => {
    const loaded = await call(world, 'POST', `/v1/models/resnet50/load?waitMs=${PATIENCE_MS}`);
    expect([loaded.status, loaded.body.state]).toEqual([202, 'ready']);
    expect(loaded.body.copies).toHaveLength(2);
    expect(loaded.body.copies[0]).toMatchObject({ server: 'a', device: 0, memoryMb: { reserved: 420 } });
    const unloaded = await call(world, 'POST', `/v1/models/resnet50/unload?waitMs=${PATIENCE_MS}`, {
      force: true,
    });
    expect([unloaded.status, unloaded.body.state, unloaded.body.copies]).toEqual([202, 'absent', []]);
    expect(unloaded.body.lastUnload).toEqual({ at: expect.any(String), reason: 'admin', for: null });
  });

  it('reloads what is there, pinned or not, and loads what is not', async () => {
    const path = '/v1/models/mobilenet-v2';
    const loaded = await call(world, 'POST', `${path}/reload?waitMs=${PATIENCE_MS}`);
    expect([loaded.status, loaded.body.state, loaded.body.lastUnload]).toEqual([202, 'ready', null]);
    await call(world, 'PUT', `${path}/pin`, { copies: 1 });
    const ordered = await call(world, 'POST', `${path}/reload`, {});
    expect([ordered.status, ordered.body.name]).toEqual([202, 'mobilenet-v2']);
    const again = await call(world, 'POST', `${path}/reload?waitMs=${PATIENCE_MS}`);
    expect([again.status, again.body.state, again.body.lastUnload.reason]).toEqual([202, 'ready', 'admin']);
    expect(again.body.copies[0].since > loaded.body.copies[0].since).toBe(true);
    await call(world, 'DELETE', `${path}/pin`);
    await call(world, 'PATCH', path, { enabled: false });
    expect((await call(world, 'POST', `${path}/reload`)).body.reason).toBe('disabled');
    await call(world, 'DELETE', path);
    expect((await call(world, 'POST', '/v1/models/nobody/reload')).body.reason).toBe('unknown_model');
    expect((await call(world, 'POST', `${path}/reload?waitMs=x`)).body.errors[0].path).toBe('waitMs');
  });

  it('keeps a pin through a restart, and unloads nothing that is pinned', async () => {
    const pinned = await call(world, 'PUT', '/v1/models/resnet50/pin', { copies: 1 });
    expect([pinned.status, pinned.body.pin]).toEqual([200, { copies: 1, until: null, schedule: null }]);
    const refused = await call(world, 'POST', '/v1/models/resnet50/unload', { force: null });
    expect([refused.status, refused.body.reason]).toEqual([409, 'pinned']);
    await until(async () => (await get('resnet50')).state === 'ready');
    await world.restart();
    const { pin, state, revision } = await get('resnet50');
    expect([pin.copies, state, revision]).toEqual([1, 'ready', pinned.body.revision]);
    const unpinned = await call(world, 'DELETE', '/v1/models/resnet50/pin');
    expect([unpinned.status, unpinned.body.pin]).toEqual([200, null]);
  });

  it('takes back what it prints: a spec and a pin', async () => {
    const path = '/v1/models/resnet50';
    const { pin } = (await call(world, 'PUT', `${path}/pin`, { copies: 1 })).body;
    expect((await call(world, 'PUT', `${path}/pin`, pin)).body.pin).toEqual(pin);
    expect((await call(world, 'PUT', path, (await get('resnet50')).spec)).body.pin).toEqual(pin);
    await call(world, 'DELETE', `${path}/pin`);
    expect((await call(world, 'PUT', path, (await get('resnet50')).spec)).body.pin).toBeNull();
    await call(world, 'DELETE', path);
  });

  it('refuses a pin that cannot fit with the numbers', async () => {
    await call(world, 'PUT', '/v1/models/mistral-7b', { gpuMemoryLimitMb: 30_000 });
    const refused = await call(world, 'PUT', '/v1/models/mistral-7b/pin', { copies: 1 });
    expect([refused.status, refused.body.reason]).toEqual([409, 'pin_does_not_fit']);
    expect(refused.body.unplaced).toEqual([
      { model: 'mistral-7b', copies: 1, needsMb: 30_000, inTheWay: null },
    ]);
    expect(refused.body.devices[0]).toEqual({ server: 'a', ordinal: 0, capacityMb: expect.any(Number) });
    const absent = await call(world, 'PUT', '/v1/models/filed/pin', { copies: 1 });
    expect(absent.body.detail).toMatch(/1 of filed \(in no server's repository\)/);
    expect((await get('mistral-7b')).pin).toBeNull();
  });

  it.each([
    [{ copies: 0 }, 'copies'],
    [{ copies: 1, until: 'tomorrow' }, 'until'],
    [{ copies: 1, until: '2001-01-01T00:00:00Z' }, 'until'],
    [{ copies: 1, schedule: { cron: '* * * * *' } }, 'schedule'],
    [{}, 'copies'],
  ])('refuses the pin %j', async (body, path) => {
    const refused = await call(world, 'PUT', '/v1/models/resnet50/pin', body);
    expect([refused.status, refused.body.errors[0].path]).toEqual([400, path]);
  });

  it('ends a pin when its time is over', async () => {
    const soon = new Date(Date.now() + 3_000).toISOString();
    await call(world, 'PUT', '/v1/models/bert-base/pin', { copies: 1, until: soon });
    expect((await get('bert-base')).pin).toEqual({ copies: 1, until: soon, schedule: null });
    await until(async () => (await get('bert-base')).pin === null);
    await until(() => world.scheduler.engine.fleet.models.get('bert-base' as never)?.pinnedCopies === 0);
  });

  it('does the same over gRPC', async () => {
    const admin = rpcClient(world, 'Admin');
    const put = await admin.call(
      'putModel',
      { model: 'over-grpc', spec: toStruct({ gpuMemoryLimitMb: 5 }) },
      new Metadata(),
    );
    expect(put).toMatchObject({ name: 'over-grpc', revision: '1', source: 'api', state: 'absent' });
    const { items } = await admin.call('listModels', { pageSize: 1000 }, new Metadata());
    expect((items as { name: string }[]).map(({ name }) => name)).toContain('over-grpc');
    const stale = new Metadata();
    stale.set('if-match', '"9"');
    const write = admin.call('patchModel', { model: 'over-grpc', patch: toStruct({ class: null }) }, stale);
    await expect(write).rejects.toMatchObject({ code: 10 });
    const broken = admin.call('putModel', { model: 'x', spec: toStruct({ a: 1 }) }, new Metadata());
    await expect(broken).rejects.toMatchObject({ code: 3, details: 'a: is not a known key' });
    await expect(admin.call('getModel', { model: 'none' }, new Metadata())).rejects.toMatchObject({
      code: 5,
    });
    const reloaded = await admin.call(
      'reloadModel',
      { model: 'bert-base', waitMs: PATIENCE_MS },
      new Metadata(),
    );
    expect(reloaded).toMatchObject({ name: 'bert-base', state: 'ready' });
    await admin.call('deleteModel', { model: 'over-grpc' }, new Metadata());
    await expect(admin.call('getModel', { model: 'over-grpc' }, new Metadata())).rejects.toMatchObject({
      code: 5,
    });
    admin.close();
  });

  it('tells over gRPC which rules were broken, however many, and refuses a forgotten spec', async () => {
    const admin = rpcClient(world, 'Admin');
    const refusal = (method: string, request: object) =>
      admin.call(method, { model: 'resnet50', ...request }, new Metadata()).catch((error: unknown) => error);
    const spec = toStruct({ dependsOn: Array.from({ length: 2_000 }, () => 'x') });
    expect(await refusal('putModel', { spec })).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^dependsOn: must have at most 100 entries; /),
    });
    for (const [method, field] of Object.entries({ putModel: 'spec', patchModel: 'patch' })) {
      expect(await refusal(method, {})).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: `${field}: is required`,
      });
    }
    admin.close();
  });
});
