import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemSchema } from '#contracts';
import { call, startWorld, type World } from '../support/running-scheduler.js';

let world: World;

beforeAll(async () => {
  world = await startWorld({ yaml: 'connections: { httpArrivalSeconds: 1 }' });
});

afterAll(() => world.close());

/** All that comes back on a connection on which this is sent, until it closes. */
async function answersTo(text: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(world.scheduler.http);
  const socket = connect(Number(port), hostname);
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return got;
}

/** The status, and the problem that comes with it. */
async function problemTo(text: string | Buffer) {
  const [head = '', body = ''] = (await answersTo(text)).split('\r\n\r\n');
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
    ['a header that does not end', 'GET / HTTP/1.1\r\nHost: loc', 408, 'invalid_request'],
    ['too long a header', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'too_large'],
  ])('is answered with a problem: %s', async (_, text, status, reason) => {
    expect(await problemTo(text)).toMatchObject({ status, reason });
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
});
