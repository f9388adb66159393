import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Config } from '#config';
import { startDemo } from '../../apps/scheduler/src/bootstrap/demo.js';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { configOf } from '../support/config-of.js';
import { call } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const FLEET_WEBHOOK = 'webhooks: { fleet: { allow: [127.0.0.0/8] } }';

describe('the demo', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-demo-'));
    triton = await startTritonSim({ speed: 10 });
  });

  afterEach(async () => {
    await scheduler?.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ownConfig = (yaml: string): Config =>
    configOf(`http: 127.0.0.1:0\ngrpc: 127.0.0.1:0\ndata: ${folder}\n${yaml}`);
  const create = (yaml: string): Promise<RunningScheduler> =>
    createScheduler(ownConfig(yaml), { log: pino({ level: 'silent' }), startDemo });
  /** Starts another process in the place of the present one. */
  async function start(yaml = ''): Promise<RunningScheduler> {
    await scheduler?.close();
    scheduler = undefined;
    return (scheduler = await create(yaml));
  }
  const ask = (method: string, path: string, body?: unknown) =>
    call({ scheduler: scheduler! }, method, path, body);
  const servers = async (): Promise<string[]> =>
    (await ask('GET', '/v1/servers')).body.items.map(({ id }: { id: string }) => id);
  const spec = (): object => {
    const { grpc, http, metrics } = triton.addresses;
    return { grpc, http, metrics };
  };
  const aServer = (): string => `servers: [${JSON.stringify({ id: 'a', ...spec() })}]`;
  const isReadyOn = async (model: string): Promise<string[]> =>
    (await ask('GET', `/v1/models/${model}`)).body.copies?.map(({ server }: { server: string }) => server) ??
    [];

  it('is not shown where a fleet webhook may bring servers, also once all have left', async () => {
    await start(FLEET_WEBHOOK);
    expect([scheduler!.demo, await servers()]).toEqual([null, []]);
    const say = (type: string, data: object) =>
      ask('POST', '/v1/webhooks/fleet', { type: `server.${type}`, data: { server: 'a', ...data } });
    await say('joined', spec());
    await say('left', {});
    await start(FLEET_WEBHOOK);
    expect([scheduler!.demo, await servers()]).toEqual([null, []]);
  });

  it('keeps what it is told apart from the store of a fleet, whose folder no other process may take', async () => {
    await start();
    await ask('PUT', '/v1/models/resnet50/pin', { copies: 1 });
    await until(async () => (await isReadyOn('resnet50')).includes('demo'));
    await expect(create(FLEET_WEBHOOK)).rejects.toThrow('is already open');
    await start(aServer());
    await until(async () => (await ask('GET', '/v1/servers/a')).body.state === 'ready');
    expect((await ask('GET', '/v1/models/resnet50')).body.pin).toBe(null);
    await start();
    expect((await ask('GET', '/v1/models/resnet50')).body.pin).toMatchObject({ copies: 1 });
  });

  it('ends once a server is declared in it, with what its models were told, and does not come back', async () => {
    await start();
    await ask('PUT', '/v1/models/resnet50/pin', { copies: 1 });
    expect((await ask('PUT', '/v1/servers/a', spec())).status).toBe(201);
    await until(async () => scheduler!.demo === null && (await servers()).join() === 'a');
    await until(async () => (await ask('GET', '/v1/servers/a')).body.state === 'ready');
    expect((await ask('GET', '/v1/models/resnet50')).body).toMatchObject({ pin: null, copies: [] });
    for (const yaml of ['', FLEET_WEBHOOK]) {
      await start(yaml);
      expect([scheduler!.demo, await servers()]).toEqual([null, ['a']]);
    }
    await ask('DELETE', '/v1/servers/a');
    await start();
    expect([scheduler!.demo, await servers()]).toEqual([null, []]);
  });

  it('ends, too, where the server that is declared has its name', async () => {
    await start();
    expect((await ask('PUT', '/v1/servers/demo', spec())).status).toBe(201);
    await until(async () => scheduler!.demo === null);
    await until(async () => (await ask('GET', '/v1/servers/demo')).body.state === 'ready');
    expect((await ask('GET', '/v1/servers/demo')).body).toMatchObject({
      grpc: triton.addresses.grpc,
      labels: {},
    });
    await start();
    expect([scheduler!.demo, await servers()]).toEqual([null, ['demo']]);
  });

  it('takes up no configuration that may bring servers', async () => {
    await start();
    expect(() => scheduler!.reload(ownConfig(aServer()))).toThrow('the demo has a store of its own');
    expect([await servers(), scheduler!.reload(ownConfig('models: { m: {} }'))]).toEqual([['demo'], []]);
  });
});
