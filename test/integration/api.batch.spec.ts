import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { toStruct } from '#contracts';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const PATH = '/v1/models:batch';
const BODY = '{"models":{"placed":{}}}';

describe('a batch of models', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ yaml: 'models: { filed: { gpuMemoryLimitMb: 100, dependsOn: [m-1] } }' });
  });

  afterAll(() => world.close());

  const post = (body: unknown, headers = {}) => call(world, 'POST', PATH, body, headers);
  const get = async (name: string) => (await call(world, 'GET', `/v1/models/${name}`)).body;
  const many = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, nth) => [`many-${nth}`, { gpuMemoryLimitMb: nth + 1 }]),
    );
  const pathsOf = ({ body }: Awaited<ReturnType<typeof post>>): string[] =>
    body.errors.map(({ path }: { path: string }) => path);

  it('declares all of them at once, and keeps them through a restart', async () => {
    const first = await post({ models: { 'm-1': { gpuMemoryLimitMb: 5 }, filed: { class: 'critical' } } });
    expect([first.status, first.body]).toEqual([
      200,
      {
        items: [
          { name: 'm-1', revision: '1', created: true },
          { name: 'filed', revision: '1', created: true },
        ],
      },
    ]);
    const second = await post({ models: { 'm-1': { labels: { team: 'risk' } } } });
    expect(second.body.items).toEqual([{ name: 'm-1', revision: '2', created: false }]);
    await world.restart();
    expect(await get('m-1')).toMatchObject({ revision: '2', spec: { labels: { team: 'risk' } } });
    expect((await get('filed')).effective).toMatchObject({ class: 'critical', gpuMemoryLimitMb: 100 });
  });

  it('takes a thousand, and no more', async () => {
    expect((await post({ models: many(1_000) })).body.items).toHaveLength(1_000);
    const refused = await post({ models: many(1_001) });
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      [{ path: 'models', rule: 'must have 1 to 1000 models' }],
    ]);
    expect(pathsOf(await post({ models: {} }))).toEqual(['models']);
    expect(pathsOf(await post({}))).toEqual(['models']);
    expect(pathsOf(await post({ models: { a: {} }, more: 1 }))).toEqual(['more']);
    expect(pathsOf(await post([]))).toEqual(['']);
    expect((await post(undefined)).status).toBe(400);
  });

  it('tells of each entry what it breaks, and changes nothing', async () => {
    const models = {
      fine: {},
      'a.b': { gpuMemoryLimitMb: -1, colour: 'red' },
      c: null,
      d: { pin: { copies: 3 }, copies: { max: 2 } },
    };
    const refused = await post({ models });
    expect([refused.status, refused.body.reason]).toEqual([400, 'invalid_request']);
    expect(pathsOf(refused).toSorted((one, other) => (one < other ? -1 : 1))).toEqual([
      'models.c',
      'models.d.pin.copies',
      'models["a.b"].colour',
      'models["a.b"].gpuMemoryLimitMb',
    ]);
    expect((await call(world, 'GET', '/v1/models/fine')).status).toBe(404);
    expect((await post({ models: { '../x': {} } })).status).toBe(400);
    const both = await post({ models: { '../x': { a: 1 }, y: { b: 1 } }, z: 1 });
    expect(pathsOf(both).toSorted()).toEqual(['models.y.b', 'models["../x"]', 'models["../x"].a', 'z']);
    const wrong = Object.fromEntries(Object.keys(many(500)).map((name) => [name, { a: 1 }]));
    expect((await post({ models: wrong })).body.errors).toHaveLength(101);
  });

  it('refuses the whole for a pin without a place, or a circle', async () => {
    const gpu = 20_000;
    const pinned = { gpuMemoryLimitMb: gpu, pin: { copies: 1 } };
    const refused = await post({
      models: { fine: {}, resnet50: pinned, 'bert-base': pinned, 'mobilenet-v2': pinned },
    });
    expect([refused.status, refused.body.reason]).toEqual([409, 'pin_does_not_fit']);
    expect(refused.body.unplaced[0]).toMatchObject({ copies: 1, needsMb: gpu });
    expect((await call(world, 'GET', '/v1/models/fine')).status).toBe(404);
    expect((await get('resnet50')).pin).toBeNull();
    const circle = await post({ models: { x: { dependsOn: ['y'] }, y: { dependsOn: ['x'] } } });
    expect(pathsOf(circle)).toEqual(['models.x.dependsOn']);
    const closed = await post({ models: { 'm-1': { dependsOn: ['filed'] } } });
    expect(pathsOf(closed)).toEqual(['models.m-1.dependsOn']);
  });

  it('keeps a pin that was set apart', async () => {
    await call(world, 'PUT', '/v1/models/resnet50/pin', { copies: 1 });
    await post({ models: { resnet50: { gpuMemoryLimitMb: 420 } } });
    expect((await get('resnet50')).pin).toMatchObject({ copies: 1 });
    await call(world, 'DELETE', '/v1/models/resnet50');
  });

  it('takes 4 MiB, which no other call does, and an Idempotency-Key, but no If-Match', async () => {
    const blob = (size: number) => ({ config: { parameters: { x: { string_value: 'y'.repeat(size) } } } });
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, nth) => [`big-${nth}`, blob(60_000)]));
    const key = { 'idempotency-key': 'batch-1' };
    const first = await post({ models: fifty }, key);
    expect([first.status, first.body.items[0].revision]).toEqual([200, '1']);
    expect((await post({ models: fifty }, key)).body).toEqual(first.body);
    const other = await post({ models: { 'big-1': {} } }, key);
    expect([other.status, other.body.reason]).toEqual([422, 'idempotency_key_reused']);
    const long = await post(`{"models":{"a":{"config":"${'y'.repeat(4 * 2 ** 20)}"}}}`);
    expect([long.status, long.body.reason]).toEqual([413, 'too_large']);
    expect((await call(world, 'PUT', '/v1/models/big-1', blob(70_000))).status).toBe(413);
    expect(pathsOf(await post({ models: { a: {} } }, { 'if-match': '"1"' }))).toEqual(['If-Match']);
    expect((await post('{"models":')).status).toBe(400);
  });

  it('is judged before anything reads it: how deep, and how many keys', async () => {
    const keys = Object.fromEntries(Array.from({ length: 350_000 }, (_, nth) => [`k${nth}`, 0]));
    const many = await post({ models: { m: keys } });
    const rule = 'must have at most 10,000 entries';
    expect([many.status, many.body.errors]).toEqual([400, [{ path: 'models.m', rule }]]);
    const deep = await post(`${'['.repeat(10 ** 6)}"\\ud800"${']'.repeat(10 ** 6)}`);
    expect([deep.status, deep.body.errors[0].rule]).toEqual([400, 'must be nested at most 64 deep']);
  });

  it('tells of broken rules no more than of 1,000, and goes no further', async () => {
    const keys = Object.fromEntries(Array.from({ length: 9_000 }, (_, nth) => [`k${nth}`, 0]));
    const models = Object.fromEntries(Array.from({ length: 35 }, (_, nth) => [`m${nth}`, keys]));
    const { errors } = (await post({ models })).body;
    expect([errors.length, errors.at(-1)]).toEqual([101, { path: '', rule: 'breaks 8900 more rules' }]);
  });

  it('does the same over gRPC', async () => {
    const admin = rpcClient(world, 'Admin');
    const none = new Metadata();
    const models = { 'g-1': toStruct({ gpuMemoryLimitMb: 5 }), 'g-2': toStruct({}) };
    expect(await admin.call('batchModels', { models }, none)).toEqual({
      items: [
        { name: 'g-1', revision: '1', created: true },
        { name: 'g-2', revision: '1', created: true },
      ],
    });
    const broken = admin.call('batchModels', { models: { 'g-3': toStruct({ a: 1 }) } }, none);
    await expect(broken).rejects.toMatchObject({ code: 3, details: 'models.g-3.a: is not a known key' });
    const keys = toStruct(Object.fromEntries(Array.from({ length: 10_001 }, (_, nth) => [`k${nth}`, 0])));
    const many = admin.call('batchModels', { models: { 'g-5': keys } }, none);
    const details = 'models.g-5: must have at most 10,000 entries';
    await expect(many).rejects.toMatchObject({ code: 3, details });
    const text = toStruct({ config: { x: 'y'.repeat(70_000) } });
    const long = admin.call('putModel', { model: 'g-4', spec: text }, none);
    await expect(long).rejects.toMatchObject({ code: 8 });
    admin.close();
  });

  /** A batch that has a place, but the body of which is not sent yet. */
  async function begun(): Promise<{ readonly socket: Socket; readonly answer: () => string }> {
    const { hostname, port } = new URL(world.scheduler.http);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`);
    socket.write(`Content-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`);
    await once(socket, 'data');
    return { socket, answer: () => text };
  }

  it('is refused beyond eight under way, before its body is read, until one of them has ended', async () => {
    const admin = rpcClient(world, 'Admin');
    const overGrpc = (models: object) => admin.call('batchModels', { models }, new Metadata());
    const ends = [
      ...[BODY, ' '.repeat(BODY.length), '{'.repeat(BODY.length), `[${BODY.slice(2)}]`],
      ...[null, null, `${BODY.slice(0, -1)}~`, BODY],
    ];
    /** Eight that are under way; not yet while connections of the round before are not closed. */
    const allBegun = async () => {
      const held = await Promise.all(ends.map(begun));
      const { status } = await post({ models: { late: {} } });
      if (status === 429 && !held.some(({ answer }) => answer().includes(' 429 '))) return held;
      for (const { socket } of held) socket.destroy();
      return undefined;
    };
    for (let round = 0; round < 3; round += 1) {
      const held = await until(allBegun);
      const refused = await post({ models: { late: {} } });
      expect([refused.status, refused.body.reason]).toEqual([429, 'queue_full']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const isFull = { code: 8, details: 'too many batches are under way' };
      await expect(overGrpc({ late: toStruct({}) })).rejects.toMatchObject(isFull);
      held.forEach(({ socket }, nth) => {
        const end = ends[nth]!;
        if (end === null) socket.destroy();
        else socket.write(end);
      });
      await until(() =>
        held.every(({ socket, answer }) => socket.destroyed || /\r\n\r\n.*\{/s.test(answer())),
      );
      for (let tries = 0; tries < 9; tries += 1) {
        await expect(overGrpc({ broken: toStruct({ a: 1 }) })).rejects.toMatchObject({ code: 3 });
      }
      await until(async () => (await post({ models: { late: {} } })).status === 200);
      for (const { socket } of held) socket.destroy();
    }
    admin.close();
  });
});
