import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditRecordMessage } from '#contracts';
import { type AlertOptions, aBody, anAlert } from '../support/alert-bodies.js';
import { until } from '../support/until.js';
import { call, type Reply, startWorld, type World } from '../support/running-scheduler.js';

const PATH = '/v1/webhooks/alertmanager';

const RULES = [
  { match: { alertname: 'GpuEccErrors' }, do: 'drain', server: 'instance' },
  { match: { alertname: 'GpuHot' }, do: 'drain', server: 'node', whenResolved: 'undo' },
  { match: { alertname: 'Busy' }, do: 'pin', model: 'model', whenResolved: 'undo' },
  { match: { alertname: 'Soon' }, do: 'load', model: 'model' },
];

/** It would drain the server. */
const GOOD = anAlert({ labels: { alertname: 'GpuHot', node: 'a' }, startsAt: '2026-01-01T00:00:00Z' });

describe('alerts of Alertmanager', () => {
  let world: World;
  let begins = 0;

  beforeAll(async () => {
    const webhooks = { alertmanager: RULES };
    world = await startWorld({
      yaml: `webhooks: ${JSON.stringify(webhooks)}`,
      isMapped: true,
      triton: { gpus: 1 },
    });
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    begins += 1;
    await call(world, 'POST', '/v1/servers/a/undrain', {});
  });

  /** An episode of its own for each test. */
  const alert = (labels: Record<string, string>, options: AlertOptions = {}) =>
    anAlert({ labels: { ...labels, test: String(begins) }, ...options });
  const hot = (options: AlertOptions = {}) => alert({ alertname: 'GpuHot', node: 'a' }, options);
  const post = (body: unknown): Promise<Reply> => call(world, 'POST', PATH, body);
  const heard = async (...alerts: object[]): Promise<object> => {
    const { status, body } = await post(aBody(alerts));
    expect(status).toBe(202);
    return body.results;
  };
  const server = async () => (await call(world, 'GET', '/v1/servers/a')).body;
  const isDraining = async (): Promise<boolean> => (await server()).state.startsWith('drain');
  const model = async (name: string) => (await call(world, 'GET', `/v1/models/${name}`)).body;
  const audit = async (): Promise<AuditRecordMessage[]> =>
    (await call(world, 'GET', '/v1/audit?chain=programs')).body.items;

  it('that have a label or an annotation __proto__ keep no other alert of the body from acting', async () => {
    const text = JSON.stringify(aBody([alert({ alertname: 'Other', AS: 'x' }), hot()]));
    const odd = text
      .replace('"AS":', '"__proto__":')
      .replace('"annotations":{', '"annotations":{"__proto__":"y",');
    expect(await post(odd)).toMatchObject({ status: 202, body: { results: { ignored: 1, done: 1 } } });
  });

  it.each(['grpc', 'http', 'metrics'] as const)(
    'drain the server that has the address in the label: %s, audited, once',
    async (kind) => {
      const address = world.triton.addresses[kind].replace(/^http:\/\//, '').replace(/\/.*$/, '');
      const ecc = alert({ instance: address });
      expect(await heard(ecc)).toEqual({ done: 1 });
      expect(await isDraining()).toBe(true);
      const [record] = await audit();
      expect(record).toMatchObject({ operation: `POST ${PATH}`, subject: { kind: 'server', name: 'a' } });
      await call(world, 'POST', '/v1/servers/a/undrain', {});
      const { revision, drain } = await server();
      expect(await heard(ecc, ecc)).toEqual({ repeated: 2 });
      expect(await server()).toMatchObject({ revision, drain });
      expect(await heard({ ...ecc, status: 'resolved' })).toEqual({ resolved: 1 });
      expect(await isDraining()).toBe(false);
    },
  );

  it('keep what they did, unless the rule says that it is undone', async () => {
    await heard(alert({ instance: 'a' }));
    expect(await heard(alert({ instance: 'a' }, { status: 'resolved' }))).toEqual({ resolved: 1 });
    expect(await isDraining()).toBe(true);
    await call(world, 'POST', '/v1/servers/a/undrain', {});
    await heard(hot());
    expect(await heard(hot({ status: 'resolved' }))).toEqual({ undone: 1 });
    expect(await isDraining()).toBe(false);
  });

  it('undo nothing that has changed since by hand', async () => {
    await heard(hot());
    await call(world, 'POST', '/v1/servers/a/undrain', {});
    await call(world, 'POST', '/v1/servers/a/drain', {});
    expect(await heard(hot({ status: 'resolved' }))).toEqual({ resolved: 1 });
    expect(await isDraining()).toBe(true);
  });

  it('undo nothing that another alert wants as well, also after a restart', async () => {
    const other = hot({ fingerprint: 'other' });
    expect(await heard(hot(), other)).toEqual({ done: 1, already: 1 });
    expect(await heard(hot({ status: 'resolved' }))).toEqual({ resolved: 1 });
    await world.restart();
    expect(await isDraining()).toBe(true);
    expect(await heard(other)).toEqual({ repeated: 1 });
    expect(await heard({ ...other, status: 'resolved' })).toEqual({ undone: 1 });
    expect(await isDraining()).toBe(false);
  });

  it('pin and load models, all of a body in one write', async () => {
    const busy = alert({ alertname: 'Busy', model: 'resnet50' });
    const soon = alert({ alertname: 'Soon', model: 'bert-base' });
    expect(await heard(busy, soon, hot())).toEqual({ done: 3 });
    expect((await model('resnet50')).pin).toEqual({ copies: 1, until: null, schedule: null });
    const [record] = await audit();
    expect(record).toMatchObject({ operation: `POST ${PATH}`, subject: { kind: 'server', name: 'a' } });
    expect(record!.others!.map(({ subject }) => subject)).toEqual([
      { kind: 'model', name: 'resnet50' },
      { kind: 'model', name: 'bert-base' },
    ]);
    const over = [busy, soon, hot()].map((one) => ({ ...one, status: 'resolved' }));
    expect(await heard(...over)).toEqual({ undone: 2, resolved: 1 });
    expect((await model('resnet50')).pin).toBeNull();
  });

  it('undo a pin so that what the file says by then holds, unless an admin had unpinned the model', async () => {
    const busy = alert({ alertname: 'Busy', model: 'yolov8m' });
    const pinned = { ...world.config, models: { yolov8m: { pin: { copies: 1 } } } };
    expect(await heard(busy)).toEqual({ done: 1 });
    world.scheduler.reload(pinned);
    expect(await heard({ ...busy, status: 'resolved' })).toEqual({ undone: 1 });
    expect((await model('yolov8m')).pin).toMatchObject({ copies: 1 });
    await call(world, 'DELETE', '/v1/models/yolov8m/pin');
    const other = { ...busy, fingerprint: 'other' };
    expect(await heard(busy, other)).toEqual({ done: 1, already: 1 });
    for (const one of [busy, other]) await heard({ ...one, status: 'resolved' });
    expect((await model('yolov8m')).pin).toBeNull();
    world.scheduler.reload(world.config);
  });

  it.each([
    ['no_label', { alertname: 'GpuEccErrors' }],
    ['unknown_server', { instance: 'nowhere:8002' }],
    ['unknown_model', { alertname: 'Busy', model: 'nothing' }],
    ['unknown_model', { alertname: 'Soon', model: '../x' }],
    ['ignored', { alertname: 'Watchdog' }],
  ] as [string, Record<string, string>][])(
    'are answered 202 where nothing can be done: %s',
    async (result, labels) => {
      const [before] = await audit();
      expect(await heard(alert(labels))).toEqual({ [result]: 1 });
      expect(await heard(alert(labels))).toEqual({ [result === 'ignored' ? result : 'repeated']: 1 });
      expect((await audit())[0]).toEqual(before);
    },
  );

  it('pin and load nothing that is disabled, or that has no room', async () => {
    await call(world, 'PUT', '/v1/models/off', { enabled: false });
    await call(world, 'PUT', '/v1/models/densenet121', { gpuMemoryLimitMb: 1_000_000 });
    const wanted = [
      alert({ alertname: 'Busy', model: 'off' }),
      alert({ alertname: 'Soon', model: 'off' }),
      alert({ alertname: 'Busy', model: 'densenet121' }),
    ];
    expect(await heard(...wanted, hot())).toEqual({ disabled: 2, pin_does_not_fit: 1, done: 1 });
    expect((await model('densenet121')).pin).toBeNull();
  });

  it('pin what fits of more than can be judged, a part of it with each repeat', async () => {
    const wide = Object.fromEntries(
      Array.from({ length: 30 }, (_, nth) => [`wide-${nth}`, { gpuMemoryLimitMb: 1_000_000 }]),
    );
    await call(world, 'POST', '/v1/models:batch', { models: { ...wide, yolov8m: { gpuMemoryLimitMb: 10 } } });
    const wanted = [...Object.keys(wide), 'yolov8m'].map((name) => alert({ alertname: 'Busy', model: name }));
    expect(Object.keys(await heard(...wanted))).toContain('too_many_pins');
    await until(async () => {
      await heard(...wanted);
      return (await model('yolov8m')).pin !== null;
    });
    expect((await model('wide-0')).pin).toBeNull();
  });

  it('that could not act do so with a repeat, once it can be done', async () => {
    const ecc = alert({ instance: '127.0.0.1:19999' });
    expect(await heard(ecc)).toEqual({ unknown_server: 1 });
    await call(world, 'PUT', '/v1/servers/late', { grpc: '127.0.0.1:19999' });
    expect(await heard(ecc)).toEqual({ done: 1 });
    await call(world, 'DELETE', '/v1/servers/late');
  });

  it('follow the rules of a configuration that is taken up, and do not act again by them', async () => {
    const { webhooks } = world.config;
    const rule = { match: [['alertname', 'New']], do: 'drain', label: 'node', undo: false } as const;
    const fresh = alert({ alertname: 'New', node: 'a' });
    expect(await heard(fresh, alert({ instance: 'a' }))).toEqual({ ignored: 1, done: 1 });
    await call(world, 'POST', '/v1/servers/a/undrain', {});
    const keys = world.scheduler.reload({ ...world.config, webhooks: { ...webhooks, alertmanager: [rule] } });
    expect([keys, await heard(alert({ instance: 'a' }))]).toEqual([[], { repeated: 1 }]);
    expect(await isDraining()).toBe(false);
    expect(await heard(fresh)).toEqual({ done: 1 });
    world.scheduler.reload(world.config);
  });

  it('are heard 400 at a time, and counted', async () => {
    const many = Array.from({ length: 400 }, (_, nth) =>
      alert({ instance: `node-${nth}:8002`, pod: `pod-${nth}` }),
    );
    expect(await heard(...many, hot())).toEqual({ unknown_server: 400, done: 1 });
    const { body } = await post(aBody([hot()], { truncatedAlerts: 3 }));
    expect(body.results).toEqual({ repeated: 1, truncated: 3 });
    const metrics = (await call(world, 'GET', '/metrics')).body as string;
    expect(metrics).toMatch(/^berth_alerts_total\{result="unknown_server"\} 40[0-9]$/m);
    expect(metrics).toMatch(/^berth_alerts_total\{result="truncated"\} 3$/m);
  });

  it.each([
    ['another version', aBody([GOOD], { version: '5' }), 'version: must be "4"'],
    ['no version', { alerts: [GOOD] }, 'version: must be "4"'],
    ['no alerts', { version: '4' }, 'alerts: is required'],
    [
      'a status of another kind',
      aBody([GOOD, { ...GOOD, status: 'on' }]),
      'alerts[1].status: must be firing',
    ],
    ['no labels', aBody([GOOD, { ...GOOD, labels: undefined }]), 'alerts[1].labels: is required'],
    [
      'a label that is no text',
      aBody([GOOD, { ...GOOD, labels: { a: 1 } }]),
      'alerts[1].labels.a: must be a string',
    ],
    ['no fingerprint', aBody([GOOD, { ...GOOD, fingerprint: '' }]), 'alerts[1].fingerprint: must be'],
    ['no start', aBody([GOOD, { ...GOOD, startsAt: 'soon' }]), 'alerts[1].startsAt: must be a time'],
    ['a count below 0', aBody([GOOD], { truncatedAlerts: -1 }), 'truncatedAlerts: must be a whole number'],
    ['no body', undefined, 'a body is required'],
  ])('are refused with nothing done: %s', async (_, body, detail) => {
    const { status, body: problem } = await post(body);
    expect([status, problem.reason]).toEqual([400, 'invalid_request']);
    expect(problem.detail).toContain(detail);
    expect(await isDraining()).toBe(false);
  });

  it('may have 1 MiB, and no other body may', async () => {
    const long = (bytes: number) => aBody([hot()], { externalURL: 'x'.repeat(bytes) });
    expect((await post(long(2 ** 20 - 2_000))).status).toBe(202);
    const { status, body } = await post(long(2 ** 20));
    expect([status, body.reason]).toEqual([413, 'too_large']);
    expect((await call(world, 'PUT', '/v1/models/m', { labels: { a: 'x'.repeat(70_000) } })).status).toBe(
      413,
    );
  });

  it('are heard while bodies of others do not come: a body has its place once it has come', async () => {
    const { hostname, port } = new URL(world.scheduler.http);
    const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`;
    const sockets = Array.from({ length: 20 }, () =>
      connect(Number(port), hostname).on('error', () => undefined),
    );
    for (const socket of sockets) socket.write(head);
    expect((await post(aBody([]))).status).toBe(202);
    for (const socket of sockets) socket.destroy();
  });
});
