import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { issueKey } from '../support/issued-key.js';
import { call, type Reply, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const PATH = '/v1/webhooks/fleet';
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const FORMER = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const ADMIN = issueKey('ops', 'admin');
const AUTOSCALER = issueKey('scaler', 'autoscaler');
const VIEWER = issueKey('eyes', 'viewer');

let world: World;
let nth = 0;

const say = (message: unknown, headers: Record<string, string> = AUTOSCALER.headers): Promise<Reply> =>
  call(world, 'POST', PATH, message, headers);

const told = async (id: string) =>
  (await call(world, 'GET', `/v1/servers/${id}`, undefined, ADMIN.headers)).body;

/** A message of its own, about a server. */
const message = (type: string, data: object = { server: 'a' }): Record<string, unknown> => ({
  ...{ type: `server.${type}`, id: `m-${++nth}` },
  data,
});

const leaving = (data: object = {}): Record<string, unknown> => message('leaving', { server: 'a', ...data });

const rulesOf = ({ status, body }: Reply): unknown => ({
  status,
  reason: body.reason,
  errors: body.errors?.map(({ path }: { path: string }) => path),
});

beforeAll(async () => {
  const auth = { keys: [ADMIN.line, AUTOSCALER.line, VIEWER.line] };
  const fleet = {
    secretFiles: ['/secret', '/former'],
    allow: ['127.0.0.0/8', '*.triton.internal'],
    headersFile: '/headers.yaml',
  };
  world = await startWorld({
    yaml: `auth: ${JSON.stringify(auth)}\nwebhooks: ${JSON.stringify({ fleet })}`,
    headers: ADMIN.headers,
    files: {
      '/secret': SECRET,
      '/former': FORMER,
      '/headers.yaml': 'triton-grpc-protocol-model-key: joined',
    },
  });
});

afterAll(() => world.close());

describe('a server that leaves', () => {
  afterEach(() => say(message('joined')));

  it('drains by a deadline that counts from the timestamp, also after a restart, and joins again', async () => {
    const timestamp = new Date(Date.now() - 10_000).toISOString();
    const heard = await say({ ...leaving({ deadlineMs: 600_000 }), timestamp });
    expect(heard).toMatchObject({ status: 202, body: { servers: ['a'], repeated: false } });
    const deadline = () => world.scheduler.engine.fleet.servers.get('a' as never)?.drain?.deadline;
    const left = deadline()! - world.scheduler.engine.now();
    expect(left > 500_000 && left <= 580_000).toBe(true);
    await world.restart();
    expect(deadline()).toBeGreaterThan(world.scheduler.engine.now());
    const ends = new Date(Date.parse(timestamp) + 600_000).toISOString();
    const { since: _, ...drain } = (await told('a')).drain;
    expect(drain).toEqual({ until: ends, cause: 'webhook', by: 'scaler' });
    await until(async () => ['draining', 'drained'].includes((await told('a')).state));
    expect((await say(message('joined'))).status).toBe(202);
    await until(async () => (await told('a')).state === 'ready');
    expect((await told('a')).drain).toBe(null);
  });

  it.each([
    ['host', { host: '127.0.0.1' }],
    ['selector', { selector: 'zone=a' }],
    ['several labels', { selector: ['zone=a', '!gpu'] }],
  ])('is found by its %s', async (_, subject) => {
    expect((await say(message('leaving', subject))).body).toMatchObject({ servers: ['a'], repeated: false });
  });

  it('takes effect once for each id, and after an undrain of an admin only by another word', async () => {
    const first = leaving();
    await say(first);
    await call(world, 'POST', '/v1/servers/a/undrain', undefined, ADMIN.headers);
    expect((await say(first)).body).toEqual({ servers: [], repeated: true, outdated: false });
    expect(
      (await say({ ...first, id: 'other' }, { ...AUTOSCALER.headers, 'webhook-id': String(first['id']) }))
        .body.repeated,
    ).toBe(true);
    expect((await told('a')).state).toBe('ready');
    const { id: _, ...nameless } = first;
    expect((await say(nameless)).body.repeated).toBe(false);
    expect((await say(nameless)).body.repeated).toBe(true);
    await say(message('joined'));
    expect((await say(nameless)).body.repeated).toBe(false);
  });

  it('keeps the drain of an admin when it joins again', async () => {
    await call(world, 'POST', '/v1/servers/a/drain', {}, ADMIN.headers);
    await say(leaving({ deadlineMs: 60_000 }));
    await say(message('joined'));
    expect((await told('a')).drain).toMatchObject({ until: null, cause: 'admin', by: 'ops' });
    expect(world.scheduler.engine.fleet.servers.get('a' as never)?.drain?.deadline).toBe(null);
    await call(world, 'POST', '/v1/servers/a/undrain', undefined, ADMIN.headers);
  });
});

describe('a server that the file declares and that has left', () => {
  it('is listed and asked for nothing, also after a restart, until it joins', async () => {
    await say(message('left'));
    expect(await told('a')).toMatchObject({ state: 'drained', flags: ['left'], devices: [] });
    const looks = (): number => world.scheduler.engine.fleet.servers.size;
    expect(looks()).toBe(0);
    await world.restart();
    expect([looks(), (await told('a')).state]).toEqual([0, 'drained']);
    expect((await say(message('leaving'))).status).toBe(202);
    expect((await told('a')).state).toBe('drained');
    await say(message('joined', { server: 'a', grpc: world.triton.addresses.grpc }));
    await until(async () => (await told('a')).state === 'ready');
  });

  it('is brought back by an undrain', async () => {
    await say(message('left'));
    await call(world, 'POST', '/v1/servers/a/undrain', undefined, ADMIN.headers);
    await until(async () => (await told('a')).state === 'ready');
  });
});

describe('a server that joins', () => {
  it('is served where it is allowed, with the headers of the configuration, until it has left', async () => {
    const second = await startTritonSim({ id: 'second', speed: 10 });
    try {
      const { grpc, metrics } = second.addresses;
      const joined = message('joined', { server: 'b', grpc, metrics, labels: { 'instance-id': 'i-0abc' } });
      expect((await say(joined)).body).toEqual({ servers: ['b'], repeated: false, outdated: false });
      await until(async () => (await told('b')).state === 'ready');
      const { revision } = await told('b');
      await say({ ...joined, id: 'again' });
      expect((await told('b')).revision).toBe(revision);
      expect((await say(message('left', { selector: 'instance-id=i-0abc' }))).body.servers).toEqual(['b']);
      expect((await call(world, 'GET', '/v1/servers/b', undefined, ADMIN.headers)).status).toBe(404);
    } finally {
      await second.close();
    }
  });

  it.each([
    ['outside of the networks', { grpc: '10.0.0.1:8001' }, ['data.grpc']],
    ['at another name', { grpc: 'triton.example:8001' }, ['data.grpc']],
    [
      'with metrics elsewhere',
      { grpc: 'a.triton.internal:1', metrics: 'http://169.254.169.254/' },
      ['data.metrics'],
    ],
    [
      'with a number for an address',
      { grpc: 'a.triton.internal:1', http: 'http://0xa9fea9fe/' },
      ['data.http'],
    ],
    ['with headers', { grpc: '127.0.0.1:1', headers: { a: 'b' } }, ['data.headers']],
    [
      'with files',
      { grpc: '127.0.0.1:1', headersFile: '/etc/passwd', tls: { ca: '/x' } },
      ['data.headersFile', 'data.tls'],
    ],
    ['without an address', {}, ['data.grpc']],
    ['with a selector', { grpc: '127.0.0.1:1', selector: 'a=b' }, ['data.selector']],
  ])('%s is refused', async (_, spec, paths) => {
    const reply = await say(message('joined', { server: 'c', ...spec }));
    expect(rulesOf(reply)).toEqual({ status: 400, reason: 'invalid_request', errors: paths });
    expect((await call(world, 'GET', '/v1/servers/c', undefined, ADMIN.headers)).status).toBe(404);
  });

  it('moves nothing that the file declares', async () => {
    const reply = await say(message('joined', { server: 'a', grpc: '127.0.0.1:9', labels: {} }));
    expect(rulesOf(reply)).toMatchObject({ status: 400, errors: ['data.grpc', 'data.labels'] });
  });

  it('has no address of another server', async () => {
    const reply = await say(message('joined', { server: 'c', grpc: world.triton.addresses.grpc }));
    expect(rulesOf(reply)).toMatchObject({ status: 400, errors: ['data.grpc'] });
  });
});

describe('a message that cannot be meant', () => {
  it.each<[unknown, number, string[]]>([
    [{ type: 'server.gone', data: {} }, 400, ['type']],
    [{ data: {} }, 400, ['type']],
    [[], 400, ['']],
    [{ type: 'server.left', data: { server: 'nobody' } }, 404, ['data.server']],
    [{ type: 'server.left', data: { host: 'nobody' } }, 404, ['data.host']],
    [{ type: 'server.leaving', data: { selector: 'zone=z' } }, 404, ['data.selector']],
    [{ type: 'server.leaving', data: { selector: '=z' } }, 400, ['data.selector']],
    [{ type: 'server.leaving', data: { server: 'a', host: 'b' } }, 400, ['data']],
    [{ type: 'server.left', data: {} }, 400, ['data']],
    [{ type: 'server.left', data: { server: 'a', deadlineMs: 5 } }, 400, ['data.deadlineMs']],
    [{ type: 'server.leaving', data: { server: 'a', deadlineMs: 0 } }, 400, ['data.deadlineMs']],
    [
      {
        type: 'server.leaving',
        timestamp: '2026-01-01T00:00:00Z',
        data: { server: 'a', deadlineMs: 60_000 },
      },
      400,
      ['data.deadlineMs'],
    ],
    [
      { type: 'server.leaving', timestamp: '2999-01-01T00:00:00Z', data: { server: 'a' } },
      400,
      ['timestamp'],
    ],
    [{ type: 'server.joined', timestamp: '2999-01-01T00:00:00Z', data: { server: 'a' } }, 400, ['timestamp']],
    [{ type: 'server.leaving', id: 'a b', data: { server: 'a' } }, 400, ['id']],
    [{ type: 'server.leaving', more: 1, data: { server: 'a' } }, 400, ['more']],
  ])('%j is refused, and changes nothing', async (body, status, errors) => {
    const before = await told('a');
    const reason = status === 404 ? 'unknown_server' : 'invalid_request';
    expect(rulesOf(await say(body))).toEqual({ status, reason, errors });
    expect(await told('a')).toMatchObject({ revision: before.revision, state: 'ready' });
  });

  it('has no conditions', async () => {
    const headers = { ...AUTOSCALER.headers, 'idempotency-key': 'k' };
    expect(rulesOf(await say(leaving(), headers))).toMatchObject({ errors: ['Idempotency-Key'] });
  });
});

describe('the sender of a message', () => {
  const signed = (body: string, secret = SECRET, id = `s-${++nth}`, at = new Date()) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  });
  const body = JSON.stringify({ type: 'server.joined', data: { server: 'a' } });
  const before = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);

  it.each([SECRET, FORMER])('is admitted by a signature of any secret', async (secret) => {
    expect((await say(body, signed(body, secret))).status).toBe(202);
  });

  it('is in the audit', async () => {
    const message = JSON.stringify(leaving());
    await say(message, signed(message));
    const page = await call(world, 'GET', '/v1/audit?chain=programs&pageSize=1000', undefined, ADMIN.headers);
    // That the server was drained is a record of Berth's own, which may be newer.
    const newest = page.body.items.find((one: { credential: string }) => one.credential !== 'berth');
    const subject = { kind: 'server', name: 'a' };
    expect(newest).toMatchObject({ credential: 'webhook:fleet', operation: `POST ${PATH}`, subject });
    await say(body, signed(body));
  });

  it.each([
    ['another secret', () => signed(body, `whsec_${Buffer.alloc(24, 1).toString('base64')}`)],
    ['another body', () => signed(`${body} `)],
    ['long ago', () => signed(body, SECRET, 's', before(301))],
    ['ahead of time', () => signed(body, SECRET, 's', before(-310))],
    ['another id', () => ({ ...signed(body), 'webhook-id': 'x' })],
    ['no id', () => ({ 'webhook-signature': signed(body)['webhook-signature'] })],
    ['nothing', () => ({ 'webhook-signature': 'v1,' })],
    ['no key', () => ({})],
    ['a wrong key beside a good signature', () => ({ ...signed(body), authorization: 'Bearer x' })],
  ])('is not known by %s', async (_, headers) => {
    const { status, body: refusal } = await say(body, headers());
    expect([status, refusal.reason]).toEqual([401, 'not_signed_in']);
    expect(JSON.stringify(refusal)).not.toContain(SECRET.slice(6, 20));
  });

  it('needs the right for webhooks, and its signature opens nothing else', async () => {
    expect((await say(body, VIEWER.headers)).body.reason).toBe('not_allowed');
    const other = await call(world, 'POST', '/v1/servers/a/drain', '{}', signed('{}'));
    expect(other.status).toBe(401);
  });

  it.each([
    ['a key', () => AUTOSCALER.headers],
    ['a signature', (text: string) => signed(text)],
  ])('with %s may send 64 KiB and no more', async (_, headers) => {
    const padded = (bytes: number): string => body + ' '.repeat(bytes - body.length);
    const [full, beyond] = [padded(64 * 1_024), padded(64 * 1_024 + 1)];
    expect((await say(full, headers(full))).status).toBe(202);
    expect((await say(beyond, headers(beyond))).status).toBe(413);
  });

  it('is known by other secrets once they are taken up', async () => {
    const { webhooks } = world.config;
    const fleet = { ...webhooks.fleet, secrets: [Buffer.from(FORMER.slice('whsec_'.length), 'base64')] };
    world.scheduler.reload({ ...world.config, webhooks: { ...webhooks, fleet } });
    expect((await say(body, signed(body))).status).toBe(401);
    expect((await say(body, signed(body, FORMER))).status).toBe(202);
    world.scheduler.reload(world.config);
    expect((await say(body, signed(body))).status).toBe(202);
  });
});
