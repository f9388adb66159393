import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { auditHash, auditPageSchema, type AuditRecordMessage, NO_HASH } from '#contracts';
import { openStore, StoreUnavailable } from '#store';
import { MemoryRows } from '#triton-simulator';
import { call, type Reply, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

/** Every operation that writes, with a call of it that is accepted; in this order. */
const WRITES: Readonly<Record<string, readonly [path: string, body?: unknown]>> = {
  'put /v1/models/{model}': ['/v1/models/m', { gpuMemoryLimitMb: 100 }],
  'patch /v1/models/{model}': ['/v1/models/m', { labels: { team: 'risk' } }],
  'put /v1/models/{model}/pin': ['/v1/models/resnet50/pin', { copies: 1 }],
  'delete /v1/models/{model}/pin': ['/v1/models/resnet50/pin'],
  'post /v1/models/{model}/load': ['/v1/models/resnet50/load'],
  'post /v1/models/{model}/reload': ['/v1/models/resnet50/reload'],
  'post /v1/models/{model}/unload': ['/v1/models/resnet50/unload', { force: true }],
  'post /v1/models:batch': ['/v1/models:batch', { models: { m: {}, n: {} } }],
  'delete /v1/models/{model}': ['/v1/models/m'],
  'put /v1/servers/{server}': ['/v1/servers/b', { grpc: '127.0.0.1:9' }],
  'post /v1/servers/{server}/drain': ['/v1/servers/b/drain', {}],
  'post /v1/servers/{server}/undrain': ['/v1/servers/b/undrain'],
  'delete /v1/servers/{server}': ['/v1/servers/b'],
  'put /v1/fleet/frozen': ['/v1/fleet/frozen', { reason: 'drivers' }],
  'delete /v1/fleet/frozen': ['/v1/fleet/frozen'],
  'post /v1/warmups': ['/v1/warmups', { models: ['m'] }],
};

/** They change nothing that is kept: a request for a route, a question, and a test of an endpoint. */
const NO_WRITES = [
  'post /v1/models/{model}/resolve',
  'post /v1/plan',
  'post /v1/routes/usage',
  'post /v1/webhooks/endpoints/{endpoint}/test',
];

/** They need an endpoint that is told events: events.spec.ts has their records. */
const OF_EVENTS = ['delete /v1/webhooks/dead-letters/{id}', 'post /v1/webhooks/dead-letters/{id}/replay'];

/** It needs a warm-up: warmups.spec.ts has its record. */
const OF_WARMUPS = ['delete /v1/warmups/{id}'];

/** Messages have no Idempotency-Key: webhooks.fleet.spec.ts and alerts.spec.ts have their records. */
const OF_MESSAGES = ['post /v1/webhooks/alertmanager', 'post /v1/webhooks/fleet'];

const FULL = new StoreUnavailable('the store in memory failed: database or disk is full');

describe('the audit', () => {
  let world: World;
  let rows: MemoryRows;

  beforeAll(async () => {
    const texts = new Map<string, string>();
    const open = () => openStore((rows = new MemoryRows(texts)), { fleet: 'berth' });
    world = await startWorld({ parts: { openStore: open } });
  });

  afterAll(() => world.close());

  it('has the write operations of the API, each', () => {
    const operations = Object.entries(world.published).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const writing = operations.filter((operation) => !operation.startsWith('get '));
    const known = [...Object.keys(WRITES), ...NO_WRITES, ...OF_EVENTS, ...OF_WARMUPS, ...OF_MESSAGES];
    expect(writing.toSorted()).toEqual(known.toSorted());
  });

  it.each(Object.entries(WRITES))('has one record of each write: %s', async (name, write) => {
    const [method = ''] = name.split(' ');
    const [path, body] = write;
    const before = await audit();
    const headers = { 'idempotency-key': name.replaceAll(/\W/g, '-') };
    const asked = (): Promise<Reply> => call(world, method.toUpperCase(), path, body, headers);
    expect((await asked()).status).toBeLessThan(300);
    const [record, ...rest] = await audit();
    expect(rest).toEqual(before);
    expect(record).toMatchObject({
      credential: 'anonymous',
      source: { over: 'http', address: '127.0.0.1' },
      operation: `${method.toUpperCase()} ${path}`,
      forced: path.endsWith('/unload'),
    });
    const others = name.includes('batch') ? [{ subject: { kind: 'model', name: 'n' } }] : [];
    expect(record!.others ?? []).toMatchObject(others);
    await asked();
    expect(await audit()).toHaveLength(before.length + 1);
  });

  it('says which revisions a write went between, and that an order declares nothing', async () => {
    const revisions = (await audit()).map(({ operation, revisionBefore, revisionAfter }) => {
      return [operation, revisionBefore, revisionAfter];
    });
    expect(revisions).toEqual(
      expect.arrayContaining([
        ['PUT /v1/models/m', '0', '1'],
        ['PATCH /v1/models/m', '1', '2'],
        ['POST /v1/models/resnet50/load', '2', '2'],
        ['POST /v1/models:batch', '2', '3'],
        ['DELETE /v1/models/m', '3', '4'],
        ['PUT /v1/servers/b', '0', '1'],
        ['PUT /v1/fleet/frozen', null, null],
      ]),
    );
  });

  it('has none of what is refused, or could not be stored', async () => {
    const before = await audit();
    await call(world, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: -1 });
    await call(world, 'DELETE', '/v1/models/nobody');
    await call(world, 'PUT', '/v1/models/resnet50', {}, { 'if-match': '"4711"' });
    await call(world, 'POST', '/v1/models/nobody/load');
    rows.failsWith = FULL;
    expect((await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'x' })).status).toBe(503);
    rows.failsWith = null;
    expect(await audit()).toEqual(before);
  });

  it('is told over gRPC the same, page by page, and says where a write over gRPC came from', async () => {
    const admin = rpcClient(world, 'Admin');
    await admin.call('pinModel', { model: 'resnet50', copies: 1 }, new Metadata());
    const { items, nextPageToken } = await admin.call('listAudit', { pageSize: 2 }, new Metadata());
    const older = await admin.call('listAudit', { pageSize: 1, pageToken: nextPageToken }, new Metadata());
    admin.close();
    const [newest, ...others] = await audit();
    expect(newest).toMatchObject({ source: { over: 'grpc', address: '127.0.0.1' } });
    expect([...(items as object[]), ...(older['items'] as object[])]).toEqual(
      [newest, ...others].slice(0, 3).map((record) => expect.objectContaining({ number: record!.number })),
    );
    expect(items).toEqual([expect.objectContaining(newest!), expect.anything()]);
  });

  it('is a chain from the first record on, also after a restart', async () => {
    await world.restart();
    await call(world, 'DELETE', '/v1/models/resnet50/pin');
    const records = (await audit()).toReversed();
    for (const [nth, { number, previousHash }] of records.entries()) {
      const before = records[nth - 1];
      expect([number, previousHash]).toEqual([`${nth + 1}`, before ? auditHash(before) : NO_HASH]);
    }
  });

  it('is narrowed by kind and name, and refuses a token that is none', async () => {
    const ofServer = (await page('?kind=server&name=b')).items;
    expect(ofServer.map(({ operation }) => operation)).toEqual([
      'DELETE /v1/servers/b',
      'POST /v1/servers/b/undrain',
      'POST /v1/servers/b/drain',
      'PUT /v1/servers/b',
    ]);
    expect((await page('?kind=freeze')).items).toHaveLength(2);
    const { status, body } = await call(world, 'GET', '/v1/audit?pageToken=x&kind=none');
    expect([status, body.errors]).toEqual([
      400,
      [{ path: 'kind', rule: 'must be one of model, server, freeze, dead_letter, warmup' }],
    ]);
    expect((await call(world, 'GET', '/v1/audit?pageToken=x')).body.errors).toEqual([
      { path: 'pageToken', rule: 'must be the nextPageToken of the page before' },
    ]);
  });

  it('is counted', async () => {
    const { body } = await call(world, 'GET', '/metrics');
    expect(String(body)).toContain('\nberth_audit_records_total 1\n');
  });

  async function page(query: string) {
    return auditPageSchema.parse((await call(world, 'GET', `/v1/audit${query}`)).body);
  }

  /** All of it, in pages of 5. */
  async function audit(): Promise<AuditRecordMessage[]> {
    const records: AuditRecordMessage[] = [];
    let token = '';
    do {
      const { items, nextPageToken } = await page(`?pageSize=5&pageToken=${token}`);
      records.push(...items);
      token = nextPageToken;
    } while (token !== '');
    return records;
  }
});
