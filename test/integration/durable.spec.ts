import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { adminClientService } from '#contracts';
import { openStore } from '#store';
import { MemoryRows } from '#triton-simulator';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

const NEVER = `wu_${'0'.repeat(32)}`;

/** Writes whose answer has a body, in this order. */
const WITH_BODY: readonly (readonly [method: string, path: string, body: object | undefined])[] = [
  ['PUT', '/v1/models/m', {}],
  ['PATCH', '/v1/models/m', { labels: { team: 'risk' } }],
  ['POST', '/v1/models:batch', { models: { n: {} } }],
  ['PUT', '/v1/models/resnet50/pin', { copies: 1 }],
  ['DELETE', '/v1/models/resnet50/pin', undefined],
  ['POST', '/v1/models/resnet50/load', undefined],
  ['POST', '/v1/models/resnet50/load?waitMs=1', undefined],
  ['PUT', '/v1/servers/b', { grpc: '127.0.0.1:9' }],
  ['POST', '/v1/servers/b/drain', {}],
  ['PUT', '/v1/fleet/frozen', { reason: 'drivers' }],
  ['DELETE', '/v1/fleet/frozen', undefined],
  ['POST', '/v1/warmups', { models: ['m'] }],
];

describe('writes that too few replicas of the store confirmed', () => {
  let world: World;
  const rows = new MemoryRows(new Map());

  beforeAll(async () => {
    world = await startWorld({ parts: { openStore: () => openStore(rows, { fleet: 'berth' }) } });
  });

  afterAll(() => world.close());

  beforeEach(() => {
    rows.isDurable = false;
  });

  it.each(WITH_BODY)('say so in their body: %s %s', async (method, path, body) => {
    const told = await call(world, method, path, body);
    expect([told.status < 300, told.body.durable]).toEqual([true, false]);
    expect(told.headers.get('berth-durable')).toBeNull();
  });

  it('say so in a header where there is no body', async () => {
    await call(world, 'PUT', '/v1/models/gone', {});
    const told = await call(world, 'DELETE', '/v1/models/gone');
    expect([told.status, told.headers.get('berth-durable')]).toEqual([204, 'false']);
    const refused = await call(world, 'DELETE', '/v1/models/gone');
    expect([refused.status >= 400, refused.headers.get('berth-durable')]).toEqual([true, null]);
  });

  it('say so over gRPC: in the message, or in a trailer where it is empty', async () => {
    const admin = rpcClient(world, 'Admin');
    const put = await admin.call('PutModel', { model: 'gone', spec: { fields: {} } }, new Metadata());
    expect(put['durable']).toBe(false);
    admin.close();
    expect(await trailerOf(world, 'DeleteModel', { model: 'gone' })).toEqual(['false']);
  });

  it('say nothing where they are durable, and what is read says nothing either', async () => {
    expect((await call(world, 'GET', '/v1/models/m')).body).not.toHaveProperty('durable');
    rows.isDurable = true;
    expect((await call(world, 'PUT', '/v1/models/gone', {})).body).not.toHaveProperty('durable');
    const told = await call(world, 'DELETE', '/v1/models/gone');
    expect([told.status, told.headers.get('berth-durable')]).toEqual([204, null]);
    await call(world, 'PUT', '/v1/models/gone', {});
    expect(await trailerOf(world, 'DeleteModel', { model: 'gone' })).toEqual([]);
    expect((await call(world, 'DELETE', `/v1/warmups/${NEVER}`)).status).toBe(404);
  });
});

/** What the trailers of a call say of durability. */
function trailerOf(world: World, method: string, request: object): Promise<readonly unknown[]> {
  const { path, requestSerialize, responseDeserialize } = adminClientService()[method]!;
  const client = new Client(world.scheduler.grpc, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    const done = (error: Error | null): void => void (error && reject(error));
    const sent = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, done);
    sent.once('status', ({ metadata }) => {
      client.close();
      resolve(metadata.get('berth-durable'));
    });
  });
}
