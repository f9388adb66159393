import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toStruct } from '#contracts';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

const ONLY_NEW = { 'if-none-match': '*' };
const SERVER = { grpc: '127.0.0.1:1', http: 'http://127.0.0.1:2', metrics: 'http://127.0.0.1:3/metrics' };

describe('a PUT with If-None-Match: *', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });

  afterAll(() => world.close());

  it.each([
    ['/v1/models/fresh', {}],
    ['/v1/models/resnet50', {}],
    ['/v1/servers/fresh', SERVER],
  ])('creates only: %s', async (path, body) => {
    expect((await call(world, 'PUT', path, body, ONLY_NEW)).status).toBe(201);
    const { headers, body: refusal, status } = await call(world, 'PUT', path, body, ONLY_NEW);
    expect([status, refusal.reason, refusal.revision, headers.get('etag')]).toEqual([
      ...[412, 'revision_mismatch', '1', null],
    ]);
    expect((await call(world, 'GET', path)).body.revision).toBe('1');
    expect((await call(world, 'DELETE', path)).status).toBe(204);
    expect((await call(world, 'PUT', path, body, ONLY_NEW)).status).toBe(201);
  });

  it('creates only over gRPC too', async () => {
    const admin = rpcClient(world, 'Admin');
    const metadata = new Metadata();
    metadata.set('if-none-match', '*');
    const request = { model: 'over-grpc', spec: toStruct({}) };
    expect((await admin.call('putModel', request, metadata))['revision']).toBe('1');
    await expect(admin.call('putModel', request, metadata)).rejects.toMatchObject({ code: 10 });
    admin.close();
  });

  it('is published where it is taken, and may say nothing else', async () => {
    const { paths } = (await call(world, 'GET', '/openapi.json')).body;
    const takers = Object.keys(paths).filter((path) =>
      paths[path].put?.parameters.some(({ name }: { name: string }) => name === 'If-None-Match'),
    );
    expect(takers).toEqual(['/v1/models/{model}', '/v1/servers/{server}']);
    const wrong = await call(world, 'PUT', '/v1/models/fresh', {}, { 'if-none-match': '"1"' });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([400, 'If-None-Match']);
    expect((await call(world, 'POST', '/v1/models:batch', { models: { a: {} } }, ONLY_NEW)).status).toBe(400);
  });
});
