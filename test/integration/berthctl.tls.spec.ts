import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { OwnAuthority } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { berthctl } from '../support/berthctl.js';
import { configFor } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

describe('berthctl over TLS', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  let ca: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-tls-'));
    triton = await startTritonSim({ speed: 10 });
    const config = configFor(triton, join(folder, 'data'), 'tls: {}');
    scheduler = await createScheduler(config, { log: pino({ level: 'silent' }) });
    ca = scheduler.authorityFile!;
    await until(
      async () => (await berthctl(['resolve', 'resnet50', '--url', scheduler.http, '--ca', ca])).status === 0,
    );
  });

  afterAll(async () => {
    await scheduler.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('trusts the authority that is named, by an option or in the environment', async () => {
    const named = await berthctl(['get', 'models', 'resnet50', '--url', scheduler.http, '--ca', ca]);
    const inEnv = await berthctl(['get', 'models', 'resnet50'], {
      BERTH_URL: scheduler.http.replace('https://', ''),
      BERTH_CA: ca,
    });
    expect([named.status, inEnv.status, inEnv.out]).toEqual([0, 0, named.out]);
    expect(named.out).toContain('resnet50');
  });

  it('asks no other', async () => {
    const other = await OwnAuthority.open(join(folder, 'other'), 'berth', Date.now());
    for (const args of [[], ['--ca', other.path]]) {
      const { status, err } = await berthctl(['get', 'fleet', '--url', scheduler.http, ...args]);
      expect([status, err]).toEqual([
        1,
        expect.stringContaining('of an authority that is not trusted; --ca'),
      ]);
    }
  });

  it('says what may be wrong where one side speaks TLS alone', async () => {
    const plain = await berthctl(['get', 'fleet', '--url', scheduler.http.replace('https', 'http')]);
    expect([plain.status, plain.err]).toEqual([1, expect.stringContaining('Does it want https://?')]);
    const url = triton.addresses.http.replace('http', 'https');
    const secure = await berthctl(['get', 'fleet', '--url', url, '--ca', ca]);
    expect([secure.status, secure.err]).toEqual([1, expect.stringMatching(/speak TLS/)]);
  });
});
