import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { describeWithParts } from '../support/parts.js';
import { RedisServer } from '../support/redis.js';
import { call, configFor } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const SILENT = pino({ level: process.env['BERTH_LOG'] ?? 'silent' });

describeWithParts('warm-ups of several Berths on a real Redis', ['redis-server'], () => {
  let redis: RedisServer;
  let triton: RunningSim;
  let folder: string;
  const peers: RunningScheduler[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    triton = await startTritonSim({ speed: 10 });
    folder = await mkdtemp(join(tmpdir(), 'berth-warmups-'));
    for (const name of ['a', 'b']) {
      const yaml = `redis: { url: '${redis.url}', profile: fast }\npeer: { name: ${name} }`;
      peers.push(await createScheduler(configFor(triton, join(folder, name), yaml), { log: SILENT }));
    }
    await leader();
  });

  afterAll(async () => {
    for (const peer of peers) await peer.close();
    await triton.close();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const leads = async ({ http }: RunningScheduler): Promise<boolean> =>
    String(await (await fetch(`${http}/metrics`)).text()).includes('berth_leader 1');
  const leader = (): Promise<RunningScheduler> =>
    until(async () => {
      for (const peer of peers) if (await leads(peer)) return peer;
      return null;
    });

  it('are started at any of them, and done whichever peer has the job', async () => {
    const first = await leader();
    const follower = peers.find((peer) => peer !== first)!;
    const models = ['resnet50', 'yolov8m', 'no-such-model'];
    const ids: string[] = [];
    for (const at of [first, follower]) {
      const begun = await call({ scheduler: at }, 'POST', '/v1/warmups', { models });
      expect([begun.status, begun.body.state]).toEqual([202, 'waiting']);
      ids.push(begun.body.id);
    }
    for (const id of ids) {
      const get = async () => (await call({ scheduler: follower }, 'GET', `/v1/warmups/${id}`)).body;
      await until(async () => (await get()).endedAt !== null);
      expect(await get()).toMatchObject({ state: 'done', ready: 2, failed: 1, left: 0 });
    }
  });

  it('go on where the leader ends', async () => {
    const first = await leader();
    triton.sim.inject({ kind: 'loadSlow', model: 'bert-base', ms: 3_000 });
    const models = ['bert-base', 'mobilenet-v2'];
    const { body } = await call({ scheduler: first }, 'POST', '/v1/warmups', { models });
    await first.close();
    const next = peers.find((peer) => peer !== first)!;
    const get = async () => (await call({ scheduler: next }, 'GET', `/v1/warmups/${body.id}`)).body;
    await until(async () => (await get()).endedAt !== null);
    expect(await get()).toMatchObject({ state: 'done', ready: 2 });
  });
});
