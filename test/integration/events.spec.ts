import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { openStore } from '#store';
import { MemoryRows } from '#triton-simulator';
import { berthctl } from '../support/berthctl.js';
import { Receiver } from '../support/receiver.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const secretOf = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const [FIRST, SECOND] = [secretOf(), secretOf()];

describe('events', () => {
  let world: World;
  let receiver: Receiver;
  let log = '';
  const texts = new Map<string, string>();

  beforeAll(async () => {
    receiver = await new Receiver().open();
    const endpoints = [
      { name: 'ops', url: `${receiver.url}/hook?token=path-secret`, secretFile: '/ops', allowPrivate: true },
      {
        ...{ name: 'evictions', url: `${receiver.url}/evictions`, secretFile: '/ops', allowPrivate: true },
        events: ['model.evicted'],
      },
    ];
    const write = (line: string): void => void (log += line);
    world = await startWorld({
      parts: {
        log: pino({ level: 'trace' }, { write }),
        openStore: () => openStore(new MemoryRows(texts), { fleet: 'berth' }),
      },
      yaml: `webhooks: ${JSON.stringify({ endpoints })}`,
      files: { '/ops': `${FIRST}\n${SECOND}\n` },
    });
  });

  afterAll(async () => {
    await world.close();
    await receiver.close();
  });

  beforeEach(() => {
    receiver.received.length = 0;
  });

  afterEach(() => {
    receiver.answer = () => ({ status: 204 });
  });

  const dead = async (): Promise<{ id: string }[]> =>
    (await call(world, 'GET', '/v1/webhooks/dead-letters')).body.items;

  it('are sent once, signed with each secret, to the endpoints that ask for them', async () => {
    expect((await call(world, 'POST', '/v1/models/resnet50/resolve')).status).toBe(200);
    await until(() => receiver.received.length > 0);
    const [{ path, text, headers }] = receiver.received as [Receiver['received'][number]];
    expect([path, receiver.types]).toEqual(['/hook?token=path-secret', ['model.cold_start']]);
    for (const secret of [FIRST, SECOND]) {
      const said = new Webhook(secret).verify(text, headers as Record<string, string>);
      const data = { model: 'resnet50', server: 'a', cause: 'asked' };
      expect(said).toEqual({ type: 'model.cold_start', timestamp: expect.any(String), data });
    }
    expect(() => new Webhook(secretOf()).verify(text, headers as Record<string, string>)).toThrow();
    await until(async () => (await standing('ops')).waiting === 0);
    expect((await standing('ops')).lastTry).toMatchObject({ result: 'delivered', status: 204 });
    const metrics = String((await call(world, 'GET', '/metrics')).body);
    expect(metrics).toContain('berth_webhook_deliveries_total{result="delivered"} 1');
  });

  it('are tried out over both interfaces, with what the endpoint answers', async () => {
    const tested = await call(world, 'POST', '/v1/webhooks/endpoints/ops/test');
    expect(tested.body).toMatchObject({ endpoint: 'ops', result: 'delivered', status: 204 });
    receiver.answer = () => ({ status: 302, headers: { location: '/elsewhere' } });
    const admin = rpcClient(world, 'Admin');
    const moved = await admin.call('TestWebhookEndpoint', { endpoint: 'ops' }, new Metadata());
    expect(moved).toMatchObject({ result: 'redirected', status: 302 });
    admin.close();
    expect(receiver.types).toEqual(['webhook.test', 'webhook.test']);
    const none = await call(world, 'POST', '/v1/webhooks/endpoints/nobody/test');
    expect([none.status, none.body.reason]).toEqual([404, 'unknown_endpoint']);
  });

  it('are dead letters once an endpoint is gone: listed, replayed and dropped, and audited', async () => {
    receiver.answer = () => ({ status: 410 });
    expect((await call(world, 'POST', '/v1/models/yolov8m/resolve')).status).toBe(200);
    await until(async () => (await dead()).length > 0);
    const [letter] = (await dead()) as [Record<string, unknown> & { id: string }];
    expect(letter).toMatchObject({ endpoint: 'ops', type: 'model.cold_start', cause: 'gone', attempts: 1 });
    expect(await standing('ops')).toMatchObject({ state: 'gone', deadLetters: 1 });

    world.scheduler.reload(world.config);
    receiver.answer = () => ({ status: 200 });
    const key = { 'idempotency-key': 'once' };
    const path = `/v1/webhooks/dead-letters/${letter.id}`;
    for (const _ of ['first', 'again']) {
      const replayed = await call(world, 'POST', `${path}/replay`, undefined, key);
      expect([replayed.status, replayed.body]).toEqual([202, { id: letter.id }]);
    }
    await until(() => receiver.received.some(({ headers }) => headers['webhook-id'] === letter.id));
    expect(await dead()).toEqual([]);
    expect((await call(world, 'DELETE', path)).body.reason).toBe('unknown_dead_letter');
    const audited = await call(world, 'GET', '/v1/audit?kind=dead_letter');
    expect(audited.body.items.map(({ subject }: { subject: object }) => subject)).toEqual([
      { kind: 'dead_letter', name: letter.id },
    ]);
  });

  it('tell no secret and no path of an endpoint anywhere', async () => {
    const answers = await Promise.all(
      ['/v1/webhooks/endpoints', '/v1/webhooks/dead-letters', '/metrics', '/openapi.json', '/v1/audit'].map(
        async (path) => JSON.stringify((await call(world, 'GET', path)).body),
      ),
    );
    const told = {
      log,
      store: JSON.stringify([...texts]),
      published: answers.join('\n'),
      ctl: await ctl('endpoints'),
    };
    for (const answer of Object.values(told).map((text) => JSON.stringify(text))) {
      for (const secret of [FIRST, SECOND, 'path-secret'])
        expect(answer).not.toContain(secret.replace('whsec_', ''));
    }
  });

  it('are looked after by berthctl', async () => {
    receiver.answer = () => ({ status: 410 });
    expect((await ctl('test', 'ops')).status).toBe(1);
    receiver.answer = () => ({ status: 204 });
    expect((await ctl('test', receiver.url)).err).toContain('several endpoints are at');
    expect(await ctl('test', 'evictions')).toMatchObject({
      ...{ status: 0, out: expect.stringMatching(/^evictions: delivered, HTTP 204, after [0-9]+ ms\n$/) },
    });
    expect((await ctl('test', 'nobody')).err).toContain('the configuration has no endpoint nobody');
    expect((await ctl('endpoints')).out).toMatch(/^NAME .*\nops .* steady /);
    receiver.answer = () => ({ status: 410 });
    await call(world, 'POST', '/v1/models/yolov8m/unload');
    for (const model of ['bert-base', 't5-large']) await call(world, 'POST', `/v1/models/${model}/resolve`);
    await until(async () => (await dead()).length >= 2);
    receiver.answer = () => ({ status: 204 });
    const [newest, oldest] = (await dead()).map(({ id }) => id) as [string, string];
    expect((await ctl('dead-letters')).out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      ...['ID', newest, oldest, ''],
    ]);
    expect((await ctl('drop', oldest)).out).toBe('1 event dropped\n');
    expect((await ctl('replay', oldest)).err).toContain('there is no dead letter');
    expect((await ctl('replay')).status).toBe(2);
    expect((await ctl('replay', '--all', '--endpoint', 'evictions')).out).toBe('0 events sent again\n');
    expect((await ctl('replay', '--all')).out).toBe('1 event sent again\n');
    await until(() => receiver.received.some(({ headers }) => headers['webhook-id'] === newest));
    expect((await ctl('dead-letters')).err).toBe('no dead letters\n');
    const audited = (await call(world, 'GET', `/v1/audit?kind=dead_letter&name=${oldest}`)).body.items;
    expect(audited).toMatchObject([{ operation: `DELETE /v1/webhooks/dead-letters/${oldest}` }]);
  });

  const ctl = (...args: string[]) => berthctl(['webhooks', ...args], { BERTH_URL: world.scheduler.http });

  async function standing(name: string): Promise<Record<string, unknown>> {
    const { items } = (await call(world, 'GET', '/v1/webhooks/endpoints')).body;
    return items.find((one: { name: string }) => one.name === name);
  }
});
