import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { describeWithParts } from '../support/parts.js';
import { RedisServer } from '../support/redis.js';
import { call, configFor, type Reply } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const AUDIT_ROWS = 'berth:rows:told/audit/';
const SPEC = { gpuMemoryLimitMb: 100 };
/** Nothing listens there: events wait for it. */
const OPS = { name: 'ops', url: 'http://127.0.0.1:9/', secretFile: '/ops', allowPrivate: true };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const MESSAGE = { type: 'server.leaving', id: 'm-1', data: { server: 'a', deadlineMs: 600_000 } };

describeWithParts('a leader whose Redis has lost what it had', ['redis-server'], () => {
  let redis: RedisServer;
  let triton: RunningSim;
  let folder: string;
  let scheduler: RunningScheduler;
  const lines: { readonly level: number; readonly msg: string }[] = [];

  const start = async (): Promise<void> => {
    const yaml = `redis: { url: '${redis.url}', profile: fast }\npeer: { name: a }\nwebhooks: ${JSON.stringify({ endpoints: [OPS] })}`;
    const write = (line: string): void => void lines.push(JSON.parse(line));
    const log = pino({ level: 'warn' }, { write });
    const config = configFor(triton, join(folder, 'a'), yaml, undefined, { '/ops': SECRET });
    scheduler = await createScheduler(config, { log });
    await until(async () => (await fetch(`${scheduler.http}/health/ready`)).ok);
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    triton = await startTritonSim({ speed: 10 });
    folder = await mkdtemp(join(tmpdir(), 'berth-emptied-'));
    await start();
  });

  afterAll(async () => {
    await scheduler.close();
    await triton.close();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (method: string, path: string, body?: unknown, key?: string): Promise<Reply> =>
    call({ scheduler }, method, path, body, key === undefined ? {} : { 'idempotency-key': key });

  const put = (name: string, key?: string): Promise<Reply> => ask('PUT', `/v1/models/${name}`, SPEC, key);

  /** The numbers and names of the records that the audit tells, over all its pages. */
  const audited = async (): Promise<string[]> => {
    const found: string[] = [];
    for (let token = ''; ;) {
      const { body } = await ask('GET', `/v1/audit?pageSize=2&pageToken=${token}`);
      for (const { number, subject } of body.items) found.push(`${number} ${subject.name}`);
      token = body.nextPageToken;
      if (token === '') return found;
    }
  };

  const losses = () => lines.filter(({ msg }) => msg.includes('writes that it had acknowledged'));

  const metric = async (name: string): Promise<number> => {
    const { body } = await ask('GET', '/metrics');
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(String(body))?.[1]);
  };

  /** How many writes were lost, as the log says, and as the metrics do. */
  const lostWrites = async (): Promise<readonly number[]> => {
    const counted = await metric('berth_store_writes_lost_total');
    const [, told] = /has lost (\d+) writes/.exec(losses()[0]?.msg ?? 'has lost 0 writes') ?? [];
    return [Number(told), counted];
  };

  it('tells the audit beyond the records that were lost', async () => {
    for (const name of ['m1', 'm2', 'm3', 'm4']) await put(name);
    expect(await audited()).toEqual(['4 m4', '3 m3', '2 m2', '1 m1']);
    const keys = (await redis.command('HKEYS', AUDIT_ROWS)) as string[];
    for (const key of keys.toSorted().slice(1, 3)) await redis.command('HDEL', AUDIT_ROWS, key);
    expect(await audited()).toEqual(['4 m4', '1 m1']);
    expect(await lostWrites()).toEqual([0, 0]);
  });

  it('writes again what was declared, says what is lost, and goes on with the audit', async () => {
    expect((await put('kept', 'k')).status).toBe(201);
    expect((await ask('POST', '/v1/webhooks/fleet', MESSAGE)).body.repeated).toBe(false);
    await until(async () => (await metric('berth_webhook_events_waiting')) > 0);
    await redis.restartEmpty();
    await until(async () => (await put('after')).status === 201);
    expect(losses()).toEqual([expect.objectContaining({ level: 40 })]);
    expect(losses()[0]!.msg).toMatch(
      /answered to repeated calls, records of the audit, ids of webhooks, .* and warm-ups .* are lost/,
    );
    const [told, counted] = await until(async () => {
      const both = await lostWrites();
      return both[1] === 0 ? null : both;
    });
    expect(told).toBeGreaterThan(1);
    expect(counted).toBe(told);
    await until(async () => (await metric('berth_webhook_events_lost_total')) > 0);
    await until(() => lines.some(({ msg }) => msg.startsWith('the store has lost events that waited')));
    for (const name of ['m1', 'kept', 'after'])
      expect((await ask('GET', `/v1/models/${name}`)).status).toBe(200);
    const [newest] = await audited();
    expect([newest, await audited()]).toEqual(['6 after', ['6 after']]);
    expect((await ask('POST', '/v1/webhooks/fleet', MESSAGE)).body.repeated).toBe(true);
  });

  it('has what was written again in the next life, and does not know what was lost', async () => {
    await scheduler.close();
    await start();
    expect((await ask('GET', '/v1/models/kept')).body).toMatchObject({ revision: '1', source: 'api' });
    await until(async () => (await ask('GET', '/v1/servers/a')).body.state.startsWith('drain'));
    expect(await audited()).toEqual(['6 after']);
    const again = await put('kept', 'k');
    expect([again.status, again.body.revision]).toEqual([200, '2']);
    expect((await put('later')).status).toBe(201);
    expect(await audited()).toEqual(['8 later', '7 kept', '6 after']);
    expect(losses()).toHaveLength(1);
  });
});
