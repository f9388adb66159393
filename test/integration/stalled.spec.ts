import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { until } from '../support/until.js';

/** Shedding begins at 100 ms, and at twenty times that no caller should come: a busy machine alone does not do that. */
const SHED_AT_MS = 100;
const STALL_MS = 3_000;
/** The lag of Berth's own start does not count: up to two stalls may fall into it. Every other one is told. */
const MOST_STALLS = 3;

describe('a process that was stalled', () => {
  let triton: RunningSim;
  let berth: BerthProcess;

  beforeAll(async () => {
    triton = await startTritonSim({ speed: 10 });
    const { grpc, http, metrics } = triton.addresses;
    const servers = [{ id: 'a', grpc, http, metrics }];
    berth = await startBerth({ config: { servers, limits: { shedAtLagMs: SHED_AT_MS } } });
    await berth.ready();
  });

  afterAll(async () => {
    await berth.remove();
    await triton.close();
  });

  const readiness = async (): Promise<string> =>
    (await berth.request<{ status: string }>('GET', '/health/ready')).body.status;

  /** Nothing of the process goes on meanwhile: the stall is as long as this. */
  const stall = async (): Promise<void> => {
    process.kill(berth.pid, 'SIGSTOP');
    await sleep(STALL_MS);
    process.kill(berth.pid, 'SIGCONT');
  };

  /** Whether the readings after a stall, one a second, make it unready. The first comes at once, and counts for five seconds. */
  const isTold = async (): Promise<boolean> => {
    for (let asked = 0; asked < 25; asked += 1) {
      if ((await readiness()) === 'pressure') return true;
      await sleep(100);
    }
    return false;
  };

  it('sees it by itself, is not ready for a while and serves on', async () => {
    expect((await berth.request('POST', '/v1/models/resnet50/resolve', { class: 'critical' })).status).toBe(
      200,
    );
    let told = false;
    for (let stalls = 0; !told && stalls < MOST_STALLS; stalls += 1) {
      await stall();
      told = await isTold();
    }
    expect(told).toBe(true);
    expect((await berth.request('GET', '/health/live')).status).toBe(200);
    const warm = await berth.request('POST', '/v1/models/resnet50/resolve', { class: 'sheddable' });
    expect(warm).toMatchObject({ status: 200, body: { cold: false } });
    await until(async () => (await readiness()) === 'ready');
    expect(berth.log()).toContain('pressure is extreme');
  });
});
