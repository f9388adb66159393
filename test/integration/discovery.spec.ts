import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Config } from '#config';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { configOf } from '../support/config-of.js';
import { Dnsmasq, DOMAIN } from '../support/dnsmasq.js';
import { describeWithParts } from '../support/parts.js';
import { checkRecordedTurns, recordingTo } from '../support/recorded-turns.js';
import { call, turnsIn } from '../support/running-scheduler.js';
import { startTritonFleet, type TritonFleet } from '../support/triton-fleet.js';
import { PATIENCE_MS, until } from '../support/until.js';

const HOST = `tritons.${DOMAIN}`;
const ADDRESSES = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const MODELS = ['a', 'b', 'c'].map((name) => ({ name, gpuBytes: 700 * 2 ** 20, loadMs: 100 }));
/** So often DNS is asked here. */
const EVERY_MS = 100;

describeWithParts('servers found by DNS', ['dnsmasq'], () => {
  let dns: Dnsmasq;
  let fleet: TritonFleet;
  let folder: string;
  let scheduler: RunningScheduler;
  const lines: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-discovery-'));
    fleet = await startTritonFleet(ADDRESSES, { models: MODELS });
    dns = await Dnsmasq.start({ a: { [HOST]: ADDRESSES } });
    lines.length = 0;
  });

  afterEach(async () => {
    await scheduler.close();
    await Promise.all([fleet.close(), dns.close()]);
    await checkRecordedTurns(turnsIn(folder), { wasKilled: false });
    await rm(folder, { recursive: true, force: true });
  });

  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });

  function configWith(more: object, servers: readonly object[] = []): Config {
    const { grpc: port, http, metrics } = fleet.ports;
    const text = JSON.stringify({
      ...{ http: '127.0.0.1:0', grpc: '127.0.0.1:0', data: folder, servers },
      recorder: recordingTo(turnsIn(folder)).recorder,
      discovery: [{ host: HOST, port, http, metrics, ...more }],
      defaults: { minResidencySeconds: 0 },
    });
    return configOf(text);
  }

  async function start(config: Config): Promise<void> {
    scheduler = await createScheduler(config, { log, dns: dns.names, discoverEveryMs: EVERY_MS });
  }

  const idOf = (address: string): string => `${address}-${fleet.ports.grpc}`;
  const get = async (path: string) => (await call({ scheduler }, 'GET', path)).body;
  const servers = async (): Promise<{ id: string; state: string; source: string }[]> =>
    (await get('/v1/servers')).items;
  const ids = async () => (await servers()).map(({ id }) => id).toSorted();
  const allReady = () =>
    until(async () => {
      const all = await servers();
      return all.length === 3 && all.every(({ state }) => state === 'ready');
    });
  const resolve = (model: string) =>
    call({ scheduler }, 'POST', `/v1/models/${model}/resolve`, { leaseMs: 100, waitMs: PATIENCE_MS });
  const metric = async (line: string) => String(await get('/metrics')).includes(`\n${line}\n`);
  /** Until DNS was asked so many times more. */
  async function asked(times: number, result: string): Promise<void> {
    const pattern = new RegExp(`^berth_discovery_lookups_total\\{result="${result}"\\} (\\d+)$`, 'm');
    const count = async () => Number(pattern.exec(String(await get('/metrics')))?.[1]);
    const before = await count();
    await until(async () => (await count()) >= before + times);
  }

  it('are served by, and are told like others, with where they come from', async () => {
    await start(configWith({ labels: { zone: 'x' } }));
    await allReady();
    const { grpc, http } = fleet.ports;
    expect(await get(`/v1/servers/${idOf('127.0.0.3')}`)).toMatchObject({
      ...{ source: 'discovered', grpc: `127.0.0.3:${grpc}`, http: `http://127.0.0.3:${http}` },
      ...{ labels: { zone: 'x' }, devices: [{ ordinal: 0 }, { ordinal: 1 }] },
    });
    expect((await resolve('a')).status).toBe(200);
    expect(await call({ scheduler }, 'DELETE', `/v1/servers/${idOf('127.0.0.3')}`)).toMatchObject({
      ...{
        status: 409,
        body: { reason: 'declared_in_file', detail: expect.stringContaining('found by DNS') },
      },
    });
    expect(await metric('berth_discovery_servers{state="present"} 3')).toBe(true);
  });

  it('are drained and forgotten where one of three goes; what was in use serves elsewhere', async () => {
    await start(configWith({ leaveSeconds: PATIENCE_MS / 1_000 }));
    await allReady();
    const { server } = (await resolve('a')).body;
    const gone = server.id as string;
    await dns.publish({ a: { [HOST]: ADDRESSES.filter((address) => idOf(address) !== gone) } });
    await until(async () => !(await ids()).includes(gone));
    expect(await ids()).toHaveLength(2);
    expect(fleet.tritons.get(gone.split('-')[0]!)!.sim.copies()).toEqual([]);
    const moved = await resolve('a');
    expect([moved.status, moved.body.server.id === gone]).toEqual([200, false]);
    expect(lines).toContain(
      `discovery: gone from ${HOST}:${fleet.ports.grpc}, so drained and then forgotten: ${gone}`,
    );
  });

  it('are asked for nothing once a webhook says that they have left, until DNS has told of them anew', async () => {
    await start(configWith({}));
    await allReady();
    const left = idOf('127.0.0.3');
    const message = { type: 'server.left', data: { server: left } };
    expect((await call({ scheduler }, 'POST', '/v1/webhooks/fleet', message)).status).toBe(202);
    await asked(5, 'answered');
    expect(await get(`/v1/servers/${left}`)).toMatchObject({ state: 'drained', flags: ['left'] });
    await dns.publish({ a: { [HOST]: ADDRESSES.filter((address) => idOf(address) !== left) } });
    await until(async () => !(await ids()).includes(left));
    await dns.publish({ a: { [HOST]: ADDRESSES } });
    await allReady();
  });

  it('stay where all go at once and come back, and nothing of theirs is unloaded', async () => {
    await start(configWith({ leaveSeconds: PATIENCE_MS / 1_000 }));
    await allReady();
    await resolve('a');
    await dns.publish({});
    await asked(5, 'answered');
    expect(await metric('berth_discovery_servers{state="missing"} 3')).toBe(true);
    expect((await servers()).map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    await dns.publish({ a: { [HOST]: ADDRESSES } });
    await until(() => metric('berth_discovery_servers{state="present"} 3'));
    expect(await get('/v1/models/a')).toMatchObject({ state: 'ready', lastUnload: null });
    expect(lines.filter((line) => line.includes('vanished at once'))).toHaveLength(1);
  });

  it('go where all go at once for longer than leaveSeconds', async () => {
    await start(configWith({ leaveSeconds: 1 }));
    await allReady();
    await resolve('a');
    await dns.publish({});
    await until(async () => (await ids()).length === 0);
    const left = [...fleet.tritons.values()].flatMap(({ sim }) => sim.copies());
    expect(left).toEqual([]);
    expect(await resolve('a')).toMatchObject({ status: 503, body: { reason: 'no_server' } });
    await dns.publish({ a: { [HOST]: ADDRESSES } });
    await allReady();
    expect((await resolve('a')).status).toBe(200);
  });

  it('stay where DNS dies, and it is said once', async () => {
    await start(configWith({ leaveSeconds: 1 }));
    await allReady();
    await resolve('a');
    await dns.die();
    await asked(20, 'refused');
    expect((await servers()).map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    expect((await resolve('a')).body).toMatchObject({ cold: false });
    expect(lines.filter((line) => line.includes('no answer for'))).toHaveLength(1);
  });

  it('are known again after a restart with DNS down, with what Berth loaded there as its own', async () => {
    const config = configWith({});
    await start(config);
    await allReady();
    await resolve('a');
    const drained = idOf('127.0.0.4');
    await call({ scheduler }, 'POST', `/v1/servers/${drained}/drain`, {});
    await scheduler.close();
    await dns.die();
    await start(config);
    expect(await ids()).toEqual([]);
    const waiting = call({ scheduler }, 'POST', '/v1/models/a/resolve', {
      leaseMs: 100,
      waitMs: PATIENCE_MS,
    });
    expect((await call({ scheduler }, 'PUT', '/v1/models/never/pin', { copies: 1 })).body.reason).toBe(
      'no_server',
    );
    await asked(2, 'refused');
    await dns.publish({ a: { [HOST]: ADDRESSES } });
    expect((await waiting).body).toMatchObject({ server: { id: expect.any(String) } });
    await until(async () => (await get(`/v1/servers/${drained}`)).state === 'drained');
    await call({ scheduler }, 'PUT', '/v1/models/a', { idleUnloadSeconds: 1 });
    await until(async () => (await get('/v1/models/a')).state === 'absent');
    expect(await get('/v1/models/a')).toMatchObject({ lastUnload: { reason: 'idle' } });
  });

  it('are left to the declaration, by name or by address, and found again without it', async () => {
    await start(configWith({}));
    await allReady();
    const { grpc: port, metrics } = fleet.ports;
    const address = (host: string) => ({
      grpc: `${host}:${port}`,
      metrics: `http://${host}:${metrics}/metrics`,
    });
    await call({ scheduler }, 'PUT', '/v1/servers/mine', address('127.0.0.2'));
    await call({ scheduler }, 'PUT', `/v1/servers/${idOf('127.0.0.3')}`, address('127.0.0.3'));
    await until(async () => (await ids()).join() === [idOf('127.0.0.3'), idOf('127.0.0.4'), 'mine'].join());
    expect((await servers()).map(({ source }) => source).toSorted()).toEqual(['api', 'api', 'discovered']);
    await dns.publish({ a: { [HOST]: ['127.0.0.4'] } });
    await asked(3, 'answered');
    expect(await ids()).toHaveLength(3);
    await dns.publish({ a: { [HOST]: ADDRESSES } });
    await call({ scheduler }, 'DELETE', '/v1/servers/mine');
    await call({ scheduler }, 'DELETE', `/v1/servers/${idOf('127.0.0.3')}`);
    await until(async () => (await servers()).every(({ source }) => source === 'discovered'));
    await allReady();
  });

  it('follow the configuration by SIGHUP: other labels, and names that are gone', async () => {
    await start(configWith({}));
    await allReady();
    expect(scheduler.reload(configWith({ labels: { zone: 'y' } }))).toEqual([]);
    expect(await get(`/v1/servers/${idOf('127.0.0.2')}`)).toMatchObject({
      labels: { zone: 'y' },
      state: 'ready',
    });
    expect(scheduler.reload({ ...configWith({}), discovery: [] })).toEqual([]);
    await until(async () => (await ids()).length === 0);
    scheduler.reload(configWith({}));
    await allReady();
  });
});
