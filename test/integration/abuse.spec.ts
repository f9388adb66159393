import { once } from 'node:events';
import { connect } from 'node:net';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { modelSchema, pageSchema, problemSchema } from '#contracts';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS } from '../support/until.js';

let world: World;

beforeAll(async () => {
  world = await startWorld({ yaml: `connections: { httpArrivalSeconds: ${PATIENCE_MS / 1_000} }` });
});

afterAll(() => world.close());

/** All that comes back on a connection on which this is sent, until it closes. */
async function answersTo(text: string | Buffer, { scheduler }: World = world): Promise<string> {
  const { hostname, port } = new URL(scheduler.http);
  const socket = connect(Number(port), hostname);
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return got;
}

/** The status, and the problem that comes with it. */
async function problemTo(text: string | Buffer, to = world) {
  const [head = '', body = ''] = (await answersTo(text, to)).split('\r\n\r\n');
  expect(head).toMatch(/^content-type: application\/problem\+json/im);
  return { ...problemSchema.parse(JSON.parse(body)), status: Number(head.split(' ')[1]) };
}

const LAST = 'Host: localhost\r\nConnection: close\r\n';

describe('what is no request', () => {
  it.each([
    ['no HTTP', 'what?\r\n\r\n', 400, 'invalid_request'],
    ['a broken length', 'GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n', 400, 'invalid_request'],
    [
      'HTTP/1.1 without Host',
      'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n',
      400,
      'invalid_request',
    ],
    ['too long a header', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'too_large'],
  ])('is answered with a problem: %s', async (_, text, status, reason) => {
    expect(await problemTo(text)).toMatchObject({ status, reason });
  });

  it('is answered with a problem: a header that does not end', async () => {
    const brisk = await startWorld({ yaml: 'connections: { httpArrivalSeconds: 1 }' });
    const problem = await problemTo('GET / HTTP/1.1\r\nHost: loc', brisk);
    await brisk.close();
    expect(problem).toMatchObject({ status: 408, reason: 'invalid_request' });
  });

  it('is told to no request before it: the connection closes', async () => {
    const body = 'Content-Length: 2\r\n\r\n{}';
    const asked = `PUT /v1/models/late HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${body}`;
    expect(await answersTo(`${asked}GARBAGE\r\n\r\n`)).toBe('');
  });

  it('is no expectation that is not known', async () => {
    const asked = `GET /v1/models/none HTTP/1.1\r\n${LAST}Expect: a miracle\r\n\r\n`;
    expect(await problemTo(asked)).toMatchObject({ status: 404, reason: 'unknown_model' });
  });

  it('is answered in the body of the request that it is about', async () => {
    const chunked = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    const asked = `PUT /v1/models/m HTTP/1.1\r\nHost: localhost\r\n${chunked}\r\nno length\r\n`;
    expect(await problemTo(asked)).toMatchObject({ status: 400, reason: 'invalid_request' });
  });
});

describe('what is not Unicode', () => {
  const put = (path: string, body: Buffer | string): Promise<{ status: number; errors?: unknown }> => {
    const head = `PUT ${path} HTTP/1.1\r\n${LAST}Content-Type: application/json\r\n`;
    const bytes = Buffer.from(body as string);
    return problemTo(Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]));
  };
  const rule = 'must be valid Unicode: UTF-8, without lone surrogates';

  it.each([
    ['bytes in a text', Buffer.from('{"labels":{"team":"\u00ff"}}', 'latin1'), 'labels.team'],
    ['a surrogate in bytes', Buffer.from('{"labels":{"a":"\u00ed\u00a0\u0080"}}', 'latin1'), 'labels.a'],
    ['a lone surrogate', '{"labels":{"team":"\\uD800x"}}', 'labels.team'],
    ['a key', '{"labels":{"\\udfff":"x"}}', 'labels'],
    ['a list', '{"dependsOn":["a","\\ud800"]}', 'dependsOn[1]'],
  ])('is refused in a body: %s', async (_, body, path) => {
    expect(await put('/v1/models/m', body)).toMatchObject({ status: 400, errors: [{ path, rule }] });
    expect((await call(world, 'GET', '/v1/models/m')).status).toBe(404);
  });

  it('is refused however deep it is nested', async () => {
    const deep = Buffer.from(`${'['.repeat(30_000)}"\u00ff"${']'.repeat(30_000)}`, 'latin1');
    const errors = [{ path: '[0]'.repeat(64), rule: 'must be nested at most 64 deep' }];
    expect(await put('/v1/models/m', deep)).toMatchObject({ status: 400, errors });
  });

  it('is refused in a path and in a query', async () => {
    const refused = async (path: string) => (await call(world, 'GET', path)).body;
    expect(await refused('/v1/models/%ff')).toMatchObject({ status: 400, errors: [{ path: 'model', rule }] });
    expect(await refused('/v1/servers/%ed%a0%80')).toMatchObject({ errors: [{ path: 'server', rule }] });
    expect(await refused('/v1/models?label=a%3D%ff')).toMatchObject({ errors: [{ path: 'label', rule }] });
    expect(await refused('/v1/models/a?x=%ff')).toMatchObject({ errors: [{ path: 'x', rule }] });
  });

  it('is none of the whole code points, escaped or not', async () => {
    const body = JSON.stringify({ labels: { a: '😀\ufffdé' } });
    expect((await call(world, 'PUT', '/v1/models/m', body)).status).toBe(201);
    expect((await call(world, 'PUT', '/v1/models/m', '{"labels":{"a":"\\ud83d\\ude00"}}')).status).toBe(200);
    expect((await call(world, 'GET', '/v1/models/m')).body.labels).toEqual({ a: '😀' });
  });
});

describe('requests that are sent at once on one connection', () => {
  it('have their answers in order', async () => {
    const paths = ['/health/live', '/v1/models/nobody', '/health/ready'];
    const text = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('');
    const got = await answersTo(`${text}GET /v1/fleet HTTP/1.1\r\n${LAST}\r\n`);
    expect(got.match(/"status":"live"|"unknown_model"|"status":"ready"|"leader"/g)).toEqual([
      '"status":"live"',
      '"unknown_model"',
      '"status":"ready"',
      '"leader"',
    ]);
  });

  it('have the same metrics, made at most once a second', async () => {
    const began = performance.now();
    const asked = (last = ''): string => `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${last}\r\n`;
    const got = await answersTo(asked().repeat(59) + asked('Connection: close\r\n'));
    const bodies = got.split('HTTP/1.1 200 OK').slice(1);
    expect(bodies).toHaveLength(60);
    const made = new Set(bodies.map((text) => text.slice(text.indexOf('# HELP'))));
    expect(made.size).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - began) / 1_000));
  });
});

/** Of what comes after this name. */
const TOKEN = Buffer.from('later').toString('base64url');

describe('lists', () => {
  const long = { config: { parameters: { x: { string_value: 'y'.repeat(60_000) } } } };
  const models = Object.fromEntries(Array.from({ length: 50 }, (_, nth) => [`long-${nth}`, long]));

  it.each([1_000, 40])(
    'have pages below 4 MiB over gRPC and HTTP, whatever their size: %d',
    async (pageSize) => {
      await call(world, 'POST', '/v1/models:batch', { models });
      const admin = rpcClient(world, 'Admin');
      const overGrpc: string[] = [];
      for (let pageToken = '', isFirst = true; isFirst || pageToken !== ''; isFirst = false) {
        const page = await admin.call('listModels', { pageSize, pageToken }, new Metadata());
        overGrpc.push(...(page['items'] as { name: string }[]).map(({ name }) => name));
        pageToken = page['nextPageToken'] as string;
        expect(overGrpc.length).toBeLessThan(100);
      }
      const overHttp: string[] = [];
      for (let pageToken = '', isFirst = true; isFirst || pageToken !== ''; isFirst = false) {
        const path = `/v1/models?pageSize=${pageSize}&pageToken=${pageToken}`;
        const text = await (await fetch(world.scheduler.http + path)).text();
        expect(text.length).toBeLessThan(4 * 2 ** 20);
        const page = pageSchema(modelSchema).parse(JSON.parse(text));
        overHttp.push(...page.items.map(({ name }) => name));
        pageToken = page.nextPageToken;
      }
      expect(overHttp).toEqual([...new Set(overHttp)].sort());
      expect(overGrpc).toEqual(overHttp);
      expect(overHttp).toEqual(expect.arrayContaining(Object.keys(models)));
      admin.close();
    },
  );

  it('leave others their turn: a probe that comes after the request for one is answered before', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, nth) => [`many-${nth}`, {}]));
    expect((await call(world, 'POST', '/v1/models:batch', { models: many })).status).toBe(200);
    const { hostname, port } = new URL(world.scheduler.http);
    const [list, probe] = [connect(Number(port), hostname), connect(Number(port), hostname)];
    await Promise.all([once(list, 'connect'), once(probe, 'connect')]);
    const answered: string[] = [];
    const answers = [
      once(list, 'data').then(() => answered.push('list')),
      once(probe, 'data').then(() => answered.push('probe')),
    ];
    list.write('GET /v1/models?pageSize=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    probe.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all(answers);
    expect(answered).toEqual(['probe', 'list']);
    for (const socket of [list, probe]) socket.destroy();
  });

  it('have every write that was acknowledged before they were asked for', async () => {
    const names = ['later-a', 'later-b', 'later-c'];
    for (const name of names) {
      expect((await call(world, 'PUT', `/v1/models/${name}`, {})).status).toBe(201);
      const { items } = (await call(world, 'GET', `/v1/models?pageSize=1000&pageToken=${TOKEN}`)).body;
      expect(items.map((one: { name: string }) => one.name)).toContain(name);
      const admin = rpcClient(world, 'Admin');
      const page = await admin.call('listModels', { pageToken: TOKEN }, new Metadata());
      expect((page['items'] as { name: string }[]).map((one) => one.name)).toContain(name);
      admin.close();
    }
  });

  it('are the same over gRPC as each item by itself', async () => {
    const admin = rpcClient(world, 'Admin');
    const none = new Metadata();
    const { items } = await admin.call('listServers', {}, none);
    const server = await admin.call('getServer', { server: 'a' }, none);
    expect(items).toEqual([{ ...server, observedAt: expect.any(String) }]);
    const [model] = (await admin.call('listModels', { pageSize: 1 }, none))['items'] as { name: string }[];
    expect(model).toEqual(await admin.call('getModel', { model: model!.name }, none));
    admin.close();
  });

  it('have no model that is too long for a message', async () => {
    const config = (size: number) => ({ config: { x: 'y'.repeat(size) } });
    const refused = await call(world, 'POST', '/v1/models:batch', { models: { a: {}, b: config(300_000) } });
    expect([refused.status, refused.body.errors]).toEqual([
      ...[400, [{ path: 'models.b', rule: 'may have at most 256 KiB, with what it had' }]],
    ]);
    for (let nth = 0; nth < 4; nth += 1) {
      await call(world, 'PATCH', '/v1/models/resnet50', { config: { [`x${nth}`]: 'y'.repeat(60_000) } });
    }
    const more = await call(world, 'PATCH', '/v1/models/resnet50', { config: { x: 'y'.repeat(60_000) } });
    expect([more.status, more.body.errors[0].path]).toEqual([400, '']);
  });
});

describe('a message over gRPC', () => {
  it('that is cut off is not taken for a shorter one', async () => {
    const client = new Client(world.scheduler.grpc, credentials.createInsecure());
    const asIs = (bytes: Buffer): Buffer => bytes;
    const cut = Buffer.concat([Buffer.from([0x0a, 8]), Buffer.from('resne')]);
    for (const path of ['Router/Resolve', 'Admin/GetModel', 'Admin/PutModel', 'Admin/ListModels']) {
      const error = await new Promise((resolve) =>
        client.makeUnaryRequest(`/berth.v1.${path}`, asIs, asIs, cut, resolve),
      );
      expect(error).toMatchObject({ code: 3 });
    }
    client.close();
  });

  it('with a text that is not Unicode is refused, and the field named', async () => {
    const client = new Client(world.scheduler.grpc, credentials.createInsecure());
    const asIs = (bytes: Buffer): Buffer => bytes;
    const error = await new Promise((resolve) =>
      client.makeUnaryRequest(
        '/berth.v1.Admin/GetModel',
        asIs,
        asIs,
        Buffer.from([0x0a, 2, 0xc3, 0x28]),
        resolve,
      ),
    );
    expect(error).toMatchObject({ code: 3, details: expect.stringMatching(/^model: must be valid Unicode/) });
    client.close();
  });
});
