import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { checkRecording } from '../checkers/check-recording.js';
import { berthctl } from '../support/berthctl.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { PATIENCE_MS, until } from '../support/until.js';

const MAIN = fileURLToPath(new URL('../support/throwing-berth.mjs', import.meta.url));

describe('a Berth of which a turn throws', () => {
  let triton: RunningSim;
  let berth: BerthProcess;

  beforeAll(async () => {
    triton = await startTritonSim({ speed: 0.1 });
    const { grpc, http, metrics } = triton.addresses;
    berth = await startBerth({ main: MAIN, config: { servers: [{ id: 'a', grpc, http, metrics }] } });
    await berth.ready();
  });

  afterAll(async () => {
    await berth.remove();
    await triton.close();
  });

  it('refuses waiting requests, says where it threw, and ends with status 70', async () => {
    const waiting = berth.request('POST', '/v1/models/mistral-7b/resolve', { waitMs: PATIENCE_MS });
    await until(async () => {
      const { body } = await berth.request<{ waiting: number }>('GET', '/v1/models/mistral-7b');
      return body.waiting === 1;
    });
    process.kill(berth.pid, 'SIGUSR2');
    expect(await waiting).toMatchObject({ status: 503, body: { reason: 'shutting_down' } });
    expect(await berth.ended()).toMatchObject({ code: 70, signal: null });
    expect(berth.log()).toContain('a turn threw: nothing more is decided, and the process ends');
    expect(berth.log()).toMatch(/a bug that nobody knows of.*at .*throwing-berth/);
  });

  it('has recorded all turns before that one, and what that one was given', async () => {
    const [name] = await readdir(berth.turns);
    const path = join(berth.turns, name!);
    const { turns, ending } = await checkRecording(path);
    expect(turns).toBeGreaterThan(2);
    expect(ending).toMatchObject({ end: 'failed', turns, failed: { events: expect.any(Array) } });
    expect(ending!.failed!.error).toContain('a bug that nobody knows of');
    const { out, status } = await berthctl(['replay', path]);
    expect(status).toBe(0);
    expect(out).toMatch(/ending +failed: the turn after it threw Error: a bug that nobody knows of/);
  });
});
