import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';

/** Shedding begins at 100 ms, and at twenty times that no caller should come: a busy machine alone does not do that. */
const SHED_AT_MS = 100;
const PAUSE_MS = 3_000;

describe('a process that was paused', () => {
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

  /** Nothing of the process goes on meanwhile: its loop is late by as much. */
  const pause = async (): Promise<void> => {
    process.kill(berth.pid, 'SIGSTOP');
    await sleep(PAUSE_MS);
    process.kill(berth.pid, 'SIGCONT');
  };

  /** Whether the readings after a pause, one a second, make it unready. The first comes at once, and counts for five seconds. */
  const isTold = async (): Promise<boolean> => {
    for (let asked = 0; asked < 25; asked += 1) {
      if ((await readiness()) === 'pressure') return true;
      await sleep(100);
    }
    return false;
  };

  it('does not take that for load: it stays ready and serves on', async () => {
    const first = await berth.request('POST', '/v1/models/resnet50/resolve', { class: 'critical' });
    expect(first.status).toBe(200);
    await pause();
    expect(await isTold()).toBe(false);
    const warm = await berth.request('POST', '/v1/models/resnet50/resolve', { class: 'sheddable' });
    expect(warm).toMatchObject({ status: 200, body: { cold: false } });
    expect(await readiness()).toBe('ready');
    expect(berth.log()).not.toContain('pressure is extreme');
  });
});
