import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { toStruct } from '#contracts';
import { startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

describe('servers and the fleet', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });

  afterAll(async () => {
    await world.close();
  });

  it('prints every key of a server and of the fleet', async () => {
    const { body } = await call(world, 'GET', '/v1/servers/a');
    const device = {
      ordinal: 0,
      uuid: null,
      kind: 'gpu',
      capacityMb: 23_552,
      heldMb: 0,
      promisedMb: 0,
      freeMb: 23_552,
      foreignMb: null,
      residueMb: 0,
      measuredMb: null,
      flags: ['unmapped'],
      closed: null,
    };
    expect(body).toEqual({
      ...{ id: 'a', drain: null },
      source: 'file',
      grpc: world.triton.addresses.grpc,
      http: world.triton.addresses.http,
      host: '127.0.0.1',
      labels: { zone: 'a' },
      metricsIntervalMs: 2_000,
      state: 'ready',
      incarnation: expect.any(Number),
      version: expect.any(String),
      observedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      flags: ['old_version'],
      devices: [device, { ...device, ordinal: 1 }],
      hostMemory: null,
      trouble: null,
      revision: '0',
    });
    const fleet = await call(world, 'GET', '/v1/fleet');
    expect(fleet.body).toMatchObject({
      fleet: 'berth',
      leader: { id: expect.any(String), term: '1' },
      frozen: null,
      replicas: { ready: 0 },
      waiting: 0,
      loadsInFlight: 0,
      unloadsWaitFor: [],
    });
    expect(fleet.body.devices[1]).toMatchObject({ server: 'a', ordinal: 1 });
  });

  it('tells the memory of a host, over HTTP and gRPC, and that it is declared', async () => {
    const second = await startTritonSim({ id: 'hosted', speed: 10 });
    const admin = rpcClient(world, 'Admin');
    try {
      const { grpc, metrics } = second.addresses;
      const spec = { grpc, metrics, host: 'node-b', hostMemoryMb: 9_000 };
      await call(world, 'PUT', '/v1/servers/hosted', spec);
      await until(async () => (await call(world, 'GET', '/v1/servers/hosted')).body.state === 'ready');
      const amounts = { capacityMb: 9_000, heldMb: 0, promisedMb: 0, freeMb: 9_000 };
      const told = { host: 'node-b', ...amounts, basis: 'declared' };
      expect((await call(world, 'GET', '/v1/servers/hosted')).body.hostMemory).toEqual(told);
      expect((await call(world, 'GET', '/v1/fleet')).body.hosts).toEqual([told]);
      const none = new Metadata();
      expect(await admin.call('getServer', { server: 'hosted' }, none)).toMatchObject({ hostMemory: told });
      expect(await admin.call('getFleet', {}, none)).toMatchObject({ hosts: [told] });
      const sample = `berth_host_memory_bytes{host="node-b",kind="capacity"} ${9_000 * 2 ** 20}`;
      await until(async () => (await call(world, 'GET', '/metrics')).body.includes(sample));
    } finally {
      await call(world, 'DELETE', '/v1/servers/hosted');
      await second.close();
    }
  });

  it('takes the interval of the metrics over HTTP and gRPC, also over what the file says, and keeps it', async () => {
    const { grpc, metrics } = world.triton.addresses;
    const none = new Metadata();
    const told = async () => (await call(world, 'GET', '/v1/servers/a')).body.metricsIntervalMs;
    await call(world, 'PUT', '/v1/servers/a', { grpc, metrics, metricsIntervalMs: 250 });
    await world.restart();
    const admin = rpcClient(world, 'Admin');
    expect(await told()).toBe(250);
    const put = (spec: object) =>
      admin.call('putServer', { server: 'a', spec: toStruct({ grpc, ...spec }) }, none);
    const broken = { code: 3, details: expect.stringContaining('metricsIntervalMs') };
    await expect(put({ metricsIntervalMs: 60_001 })).rejects.toMatchObject(broken);
    expect(await put({ metricsIntervalMs: 60_000 })).toMatchObject({ metricsIntervalMs: 60_000 });
    await call(world, 'DELETE', '/v1/servers/a');
    expect(await told()).toBe(2_000);
  });

  it('takes a server, keeps it through a restart, and forgets it', async () => {
    const second = await startTritonSim({ id: 'second', speed: 10 });
    try {
      const { grpc, metrics } = second.addresses;
      const created = await call(world, 'PUT', '/v1/servers/b', { grpc, metrics, labels: { zone: 'b' } });
      expect([created.status, created.body.source, created.headers.get('etag')]).toEqual([201, 'api', '"1"']);
      await until(async () => (await call(world, 'GET', '/v1/servers/b')).body.state === 'ready');
      await world.restart();
      expect((await call(world, 'GET', '/v1/servers?label=zone=b')).body.items).toHaveLength(1);
      expect((await call(world, 'DELETE', '/v1/servers/b')).status).toBe(204);
      expect((await call(world, 'GET', '/v1/servers/b')).body.reason).toBe('unknown_server');
    } finally {
      await second.close();
    }
  });

  it.each([
    ['no address', {}, 'grpc'],
    ['an unknown key', { grpc: 'h:1', color: 1 }, 'color'],
    ['a bad address', { grpc: 'nowhere' }, 'grpc'],
    ['an interval that is too short', { grpc: 'h:1', metricsIntervalMs: 99 }, 'metricsIntervalMs'],
  ])('refuses a server with %s', async (_, body, path) => {
    const refused = await call(world, 'PUT', '/v1/servers/c', body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it('refuses a second server at one address', async () => {
    const refused = await call(world, 'PUT', '/v1/servers/c', { grpc: world.triton.addresses.grpc });
    expect(refused.body.errors).toEqual([{ path: 'grpc', rule: 'must be unique: server a has it too' }]);
  });

  it('drains and undrains, also after a restart, and does not let the file be deleted', async () => {
    const drained = await call(world, 'POST', '/v1/servers/a/drain', { deadlineMs: null });
    expect([drained.status, drained.body.state]).toEqual([200, 'drained']);
    await world.restart();
    expect((await call(world, 'GET', '/v1/servers/a')).body.state).toBe('drained');
    const undrained = await call(world, 'POST', '/v1/servers/a/undrain');
    expect(undrained.body.state).toBe('ready');
    const refused = await call(world, 'DELETE', '/v1/servers/a');
    expect([refused.status, refused.body.reason]).toEqual([409, 'declared_in_file']);
    expect((await call(world, 'POST', '/v1/servers/a/drain', { deadlineMs: -1 })).status).toBe(400);
    expect((await call(world, 'GET', '/v1/servers?state=redy')).body.errors[0].path).toBe('state');
  });

  it('freezes: routes go on, nothing is loaded or unloaded, also after a restart', async () => {
    await call(world, 'POST', `/v1/models/resnet50/load?waitMs=${PATIENCE_MS}`);
    const before = Date.now();
    const frozen = await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'audit' });
    expect([frozen.status, frozen.body.frozen.reason]).toEqual([200, 'audit']);
    expect(Date.parse(frozen.body.frozen.since)).toBeGreaterThanOrEqual(before);
    await world.restart();
    const { since } = (await call(world, 'GET', '/v1/fleet')).body.frozen;
    expect(since).toBe(frozen.body.frozen.since);
    expect((await call(world, 'POST', '/v1/models/resnet50/resolve')).status).toBe(200);
    const cold = await call(world, 'POST', '/v1/models/bert-base/resolve', { waitMs: 50 });
    expect([cold.status, cold.body.reason, cold.body.phase]).toEqual([503, 'loading', 'waiting']);
    expect([cold.headers.get('retry-after'), cold.body.detail]).toEqual([null, 'frozen']);
    expect(cold.body).toMatchObject({ frozenReason: 'audit', frozenBy: frozen.body.frozen.by });
    const unload = await call(world, 'POST', '/v1/models/resnet50/unload?waitMs=200', { force: true });
    expect([unload.status, unload.body.state]).toEqual([202, 'ready']);
    expect(world.scheduler.engine.fleet.replicas.size).toBe(1);
    const again = await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'still' });
    expect(again.body.frozen).toMatchObject({ reason: 'still', since });
    await until(async () => /^berth_frozen 1$/m.test((await call(world, 'GET', '/metrics')).body));
    await world.restart();
    expect((await call(world, 'POST', '/v1/models/resnet50/resolve')).status).toBe(200);
    const thawed = await call(world, 'DELETE', '/v1/fleet/frozen');
    expect([thawed.status, thawed.body.frozen]).toEqual([200, null]);
    await until(async () => (await call(world, 'GET', '/v1/models/resnet50')).body.state === 'absent');
    expect((await call(world, 'DELETE', '/v1/fleet/frozen')).status).toBe(200);
    await world.restart();
    expect((await call(world, 'GET', '/v1/fleet')).body.frozen).toBeNull();
  });

  it('carries out what was accepted before a restart, a reload too', async () => {
    const copies = async (): Promise<{ phase: string; since: string }[]> =>
      (await call(world, 'GET', '/v1/models/resnet50')).body.copies;
    await call(world, 'POST', `/v1/models/resnet50/load?waitMs=${PATIENCE_MS}`);
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'audit' });
    expect((await call(world, 'POST', '/v1/models/resnet50/reload')).status).toBe(202);
    await world.restart();
    const { since: found } = await until(async () => (await copies())[0]);
    expect((await call(world, 'DELETE', '/v1/fleet/frozen')).status).toBe(200);
    const isAnew = async () =>
      (await copies()).some(({ phase, since }) => phase === 'ready' && since > found);
    await until(isAnew);
    await call(world, 'POST', `/v1/models/resnet50/unload?waitMs=${PATIENCE_MS}`, { force: true });
  });

  it.each([
    [{}, 'reason'],
    [{ reason: ' ' }, 'reason'],
    [{ reason: 'x', until: 'noon' }, 'until'],
  ])('refuses the freeze %j', async (body, path) => {
    const refused = await call(world, 'PUT', '/v1/fleet/frozen', body);
    expect([refused.status, refused.body.errors[0].path]).toEqual([400, path]);
    const tagged = await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'x' }, { 'if-match': '"1"' });
    expect([tagged.status, tagged.body.errors[0].path]).toEqual([400, 'If-Match']);
  });

  it('lists servers by label, state and name, page by page', async () => {
    await call(world, 'PUT', '/v1/servers/z', { grpc: '127.0.0.1:1', labels: { zone: 'b', gpu: 'l4' } });
    const idsOf = async (query: string): Promise<string[]> =>
      (await call(world, 'GET', `/v1/servers?${query}`)).body.items.map(({ id }: { id: string }) => id);
    expect(await idsOf('label=zone')).toEqual(['a', 'z']);
    expect(await idsOf('label=zone=b&label=gpu=l4')).toEqual(['z']);
    expect(await idsOf('label=zone=a&label=gpu=l4')).toEqual([]);
    expect(await idsOf('state=ready')).toEqual(['a']);
    expect(await idsOf('server=z')).toEqual(['z']);
    expect(await idsOf('server=nobody')).toEqual([]);
    const first = await call(world, 'GET', '/v1/servers?label=zone&pageSize=1');
    const rest = await idsOf(`label=zone&pageSize=1&pageToken=${first.body.nextPageToken}`);
    expect([first.body.items[0].id, rest]).toEqual(['a', ['z']]);
    await call(world, 'DELETE', '/v1/servers/z');
  });

  it('does the same over gRPC', async () => {
    const admin = rpcClient(world, 'Admin');
    const none = new Metadata();
    expect(await admin.call('getServer', { server: 'a' }, none)).toMatchObject({ id: 'a', state: 'ready' });
    const put = await admin.call('putServer', { server: 'g', spec: toStruct({ grpc: '127.0.0.1:1' }) }, none);
    expect(put).toMatchObject({ id: 'g', source: 'api', revision: '1' });
    await admin.call('deleteServer', { server: 'g' }, none);
    await expect(admin.call('getServer', { server: 'g' }, none)).rejects.toMatchObject({ code: 5 });
    expect(await admin.call('getFleet', {}, none)).toMatchObject({ fleet: 'berth', replicas: { ready: 0 } });
    expect(await admin.call('listServers', {}, none)).toMatchObject({
      items: [{ id: 'a' }],
      nextPageToken: '',
    });
    const frozen = await admin.call('freezeFleet', { reason: 'audit' }, none);
    expect(frozen['frozen']).toMatchObject({ reason: 'audit', by: 'anonymous' });
    await expect(admin.call('freezeFleet', {}, none)).rejects.toMatchObject({ code: 3 });
    expect(await admin.call('unfreezeFleet', {}, none)).not.toHaveProperty('frozen');
    admin.close();
  });
});
