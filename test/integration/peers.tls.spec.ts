import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { adminClientService } from '#contracts';
import { OwnAuthority } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { issueKey } from '../support/issued-key.js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { askTls } from '../support/tls-clients.js';
import { until } from '../support/until.js';

const KEY = 'k'.repeat(64);
const MODEL = 'resnet50';
const admin = issueKey('admin-1', 'admin', { tenant: 'platform' });
const NOT_TOLD = 'the leader does not tell its routes: the table of before is kept';
const OTHER_KEY = 'the leader does not know the key of this peer: see peer.keyFile of both';

/** What was answered, its body read as JSON where it is. */
interface Told {
  readonly status: number;
  // eslint-disable-next-line typescript/no-explicit-any -- what it is differs from test to test
  readonly body: any;
}

describe('several Berths over TLS, with credentials', () => {
  let folder: string;
  let ca: string;
  let world: PeersWorld;
  let leader: Peer;
  let follower: Peer;
  let agent: Agent;
  /** What each peer has logged. */
  const logs = new Map<string, Record<string, unknown>[]>();

  const peer = (name: string): Peer => world.peers.find((one) => one.name === name)!;

  function logOf(name: string) {
    const lines: Record<string, unknown>[] = [];
    logs.set(name, lines);
    return pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  }

  /** p0 and p1 belong together; p2 has another key, and p3 trusts another authority. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-peers-tls-'));
    const authority = await OwnAuthority.open(join(folder, 'ca'), 'berth', Date.now());
    const other = await OwnAuthority.open(join(folder, 'other'), 'berth', Date.now());
    ca = await readFile(authority.path, 'utf8');
    agent = new Agent({ ca });
    const pair = await authority.sign(['127.0.0.1'], Date.now());
    const files = {
      '/run/peer.key': `${KEY}\n`,
      '/run/other.key': `${'x'.repeat(64)}\n`,
      '/run/ca.pem': ca,
      '/run/other.pem': await readFile(other.path, 'utf8'),
    };
    await writeFile(join(folder, 'a.crt'), pair.cert);
    await writeFile(join(folder, 'a.key'), pair.key);
    const yamlOf = (name: string): string =>
      [
        `auth: { keys: ${JSON.stringify([admin.line])} }`,
        `tls: ${JSON.stringify({ cert: join(folder, 'a.crt'), key: join(folder, 'a.key') })}`,
        `peer: { keyFile: /run/${name === 'p2' ? 'other' : 'peer'}.key, ca: /run/${name === 'p3' ? 'other' : 'ca'}.pem }`,
      ].join('\n');
    world = await startPeers({
      count: 4,
      of: (name) => ({ yaml: yamlOf(name), files, parts: { log: logOf(name) } }),
    });
    [leader, follower] = [await world.leader(), peer('p1')];
  });

  afterAll(async () => {
    await world.close();
    agent.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  async function ask({ scheduler }: Peer, method: string, path: string, body?: object): Promise<Told> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...admin.headers, ...type };
    const url = `${scheduler.http}${path}`;
    const { status, body: text } = await askTls(url, agent, headers, method, body && JSON.stringify(body));
    return { status, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  const metric = async (peer: Peer, name: string): Promise<number> => {
    const { body } = await ask(peer, 'GET', '/metrics');
    const line = String(body)
      .split('\n')
      .find((text) => text.startsWith(`${name} `));
    return Number(line?.split(' ')[1] ?? 0);
  };

  const told = (name: string, words: string) =>
    logs.get(name)!.filter(({ msg }) => String(msg).includes(words));

  it('hand cold calls and writes to the leader, in the name of their callers', async () => {
    const cold = await ask(follower, 'POST', `/v1/models/${MODEL}/resolve`, { waitMs: 60_000 });
    expect([cold.status, cold.body.cold]).toEqual([200, true]);
    expect((await ask(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 })).status).toBe(201);
    const { body } = await ask(follower, 'GET', '/v1/audit');
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({
      ...{ credential: 'admin-1', subject: { kind: 'model', name: 'm' } },
      source: { over: 'http', address: '127.0.0.1' },
    });
  });

  it('do so over gRPC, too', async () => {
    const { path, requestSerialize, responseDeserialize } = adminClientService()['PutModel']!;
    const client = new Client(follower.scheduler.grpc, credentials.createSsl(Buffer.from(ca)));
    const metadata = new Metadata();
    metadata.set('authorization', admin.headers['authorization']!);
    const spec = { fields: { gpuMemoryLimitMb: { numberValue: 100 } } };
    await new Promise<void>((resolve, reject) =>
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { model: 'n', spec },
        metadata,
        (error) => (error ? reject(error) : resolve()),
      ),
    ).finally(() => client.close());
    expect((await ask(follower, 'GET', '/v1/audit')).body.items[0]).toMatchObject({
      ...{ credential: 'admin-1', subject: { kind: 'model', name: 'n' } },
      source: { over: 'grpc', address: '127.0.0.1' },
    });
  });

  it('answer warm calls from the routes that they watch', async () => {
    await until(async () => (await metric(follower, 'berth_route_table_rows')) === 1);
    const before = await metric(follower, 'berth_forwards_total{result="answered"}');
    const warm = await ask(follower, 'POST', `/v1/models/${MODEL}/resolve`, {});
    expect([warm.status, warm.body.server.id]).toEqual([200, 'a']);
    expect(await metric(follower, 'berth_forwards_total{result="answered"}')).toBe(before);
    expect(await metric(leader, 'berth_peers_watching')).toBe(1);
  });

  it.each([
    ['has another key', 'p2', OTHER_KEY, 'UNAUTHENTICATED'],
    ['trusts another authority', 'p3', NOT_TOLD, 'unable to verify the first certificate'],
  ])('tell a peer that %s nothing, which it says once', async (_, name, words, why) => {
    const lines = await until(() => told(name, words)[0] && told(name, words));
    expect(JSON.stringify(lines[0])).toContain(why);
    const refused = await ask(peer(name), 'POST', `/v1/models/${MODEL}/resolve`, { waitMs: 0 });
    expect([refused.status, refused.body.reason]).toEqual([503, 'no_leader']);
    expect(told(name, words)).toHaveLength(1);
  });
});
