import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { FORWARDED, PeerKey, PRINCIPAL } from '../../apps/scheduler/src/transport/access/peer-key.js';
import { issueKey } from '../support/issued-key.js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call, rpcClient } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const KEY = randomBytes(32).toString('hex');
const [admin, viewer, gateway] = [
  issueKey('admin-1', 'admin', { tenant: 'platform' }),
  issueKey('viewer-1', 'viewer'),
  issueKey('gateway-1', 'gateway', { tenant: 'risk', maxClass: 'default' }),
];
const AUTH = `auth: { keys: ${JSON.stringify([admin, viewer, gateway].map(({ line }) => line))} }\n`;
const YAML = `${AUTH}peer: { keyFile: /run/peer.key }\n`;

describe('callers with credentials, of several Berths', () => {
  let world: PeersWorld;
  let leader: Peer;
  let follower: Peer;

  beforeAll(async () => {
    world = await startPeers({ count: 2, yaml: YAML, files: { '/run/peer.key': `${KEY}\n` } });
    leader = await world.leader();
    [follower] = (await world.followers()) as [Peer];
  });

  afterAll(() => world.close());

  it('are known where they are asked, and named where the call is done', async () => {
    const put = await call(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, admin.headers);
    expect(put.status).toBe(201);
    const { body } = await call(follower, 'GET', '/v1/audit', undefined, admin.headers);
    expect(body.items.at(0)).toMatchObject({
      credential: 'admin-1',
      source: { over: 'http', address: '127.0.0.1' },
    });
    expect((await call(follower, 'GET', '/v1/models/m', undefined, viewer.headers)).status).toBe(200);
  });

  it('are refused there, each by its own right', async () => {
    const asked = async (headers: Record<string, string>, method = 'PUT'): Promise<number> =>
      (await call(follower, method, '/v1/models/n', method === 'PUT' ? {} : undefined, headers)).status;
    expect(await asked({})).toBe(401);
    expect(await asked(viewer.headers)).toBe(403);
    expect(await asked(gateway.headers, 'GET')).toBe(403);
    const above = { class: 'critical' };
    const path = '/v1/models/resnet50/resolve';
    expect((await call(follower, 'POST', path, above, gateway.headers)).status).toBe(403);
  });

  it('cannot name another, at no peer and over no port', async () => {
    const forged = new PeerKey('x'.repeat(64)).headersOf({
      principal: { credential: 'admin-1', tenant: 'platform', role: 'admin', maxClass: null },
      address: null,
    });
    for (const peer of [leader, follower]) {
      const wrong = await call(peer, 'PUT', '/v1/models/n', {}, { ...forged, [FORWARDED]: '1' });
      expect(wrong.status).toBe(401);
      const named = { ...viewer.headers, [PRINCIPAL]: forged[PRINCIPAL]! };
      expect((await call(peer, 'PUT', '/v1/models/n', {}, named)).status).toBe(403);
      const rpc = rpcClient(peer, 'Admin');
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(named)) metadata.set(name, value);
      const put = rpc.call('PutModel', { model: 'n', spec: { fields: {} } }, metadata);
      await expect(put.finally(() => rpc.close())).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    }
  });

  it('are handed on once', async () => {
    const marked = { ...admin.headers, [FORWARDED]: '1' };
    const refused = await call(follower, 'GET', '/v1/models/m', undefined, marked);
    expect([refused.status, refused.body.reason]).toEqual([503, 'no_leader']);
    expect((await call(leader, 'GET', '/v1/models/m', undefined, marked)).status).toBe(200);
  });

  it('hear nothing of the key', async () => {
    const { body } = await call(follower, 'GET', '/metrics', undefined, admin.headers);
    const echoed = await call(follower, 'GET', '/v1/models/nothing', undefined, admin.headers);
    expect(`${String(body)}${JSON.stringify(echoed)}`).not.toContain(KEY);
  });
});

describe('callers of a Berth whose key is another than that of the leader', () => {
  let world: PeersWorld;
  let follower: Peer;
  const logs = new Map<string, string[]>();

  const logOf = (name: string) => {
    const lines: string[] = [];
    logs.set(name, lines);
    return pino({ level: 'warn' }, { write: (line) => void lines.push(String(JSON.parse(line).msg)) });
  };

  beforeAll(async () => {
    world = await startPeers({
      ...{ count: 2, yaml: YAML },
      of: (name) => ({
        ...{ yaml: YAML, files: { '/run/peer.key': `${name}${KEY}\n` }, parts: { log: logOf(name) } },
      }),
    });
    [follower] = (await world.followers()) as [Peer];
  });

  afterAll(() => world.close());

  it('are told that no leader can be asked, and not that their own keys are wrong', async () => {
    const path = '/v1/models/resnet50/resolve';
    const http = await call(follower, 'POST', path, { waitMs: 0 }, gateway.headers);
    expect([http.status, http.body.reason]).toEqual([503, 'no_leader']);
    const rpc = rpcClient(follower, 'Router');
    const metadata = Metadata.fromHttp2Headers(gateway.headers);
    const asked = rpc.call('Resolve', { model: 'resnet50', waitMs: 0 }, metadata);
    await expect(asked.finally(() => rpc.close())).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect((await call(follower, 'POST', path, {}, { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('have the cause in the log, once', async () => {
    const told = () => logs.get(follower.name)!.filter((line) => line.includes('peer.keyFile'));
    await until(() => told().length > 0);
    expect(told()).toEqual(['the leader does not know the key of this peer: see peer.keyFile of both']);
  });

  it('wait for the next leader, which takes the key', async () => {
    const put = call(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, admin.headers);
    await until(async () => {
      const { body } = await call(follower, 'GET', '/metrics', undefined, admin.headers);
      return String(body).includes('berth_forwards_under_way 1');
    });
    world.elections.depose();
    expect(await world.leader()).toBe(follower);
    expect((await put).status).toBe(201);
  });
});
