import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { checkRecording } from '../checkers/check-recording.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { PATIENCE_MS, until } from '../support/until.js';

describe('a Berth that is killed while it records', () => {
  let triton: RunningSim;
  let berth: BerthProcess;

  beforeAll(async () => {
    triton = await startTritonSim({ speed: 10 });
    const { grpc, http, metrics } = triton.addresses;
    berth = await startBerth({ config: { servers: [{ id: 'a', grpc, http, metrics }] } });
    await berth.ready();
  });

  afterAll(async () => {
    await berth.remove();
    await triton.close();
  });

  const resolve = async (model: string, waitMs: number): Promise<number> =>
    (await berth.request('POST', `/v1/models/${model}/resolve`, { waitMs })).status;

  const recorded = async (): Promise<string[]> =>
    (await readdir(berth.turns)).toSorted().map((name) => join(berth.turns, name));

  it('leaves its turns up to then, and begins another file in its next life', async () => {
    expect(await resolve('resnet50', PATIENCE_MS)).toBe(200);
    expect(await resolve('mistral-7b', 0)).toBe(503);
    await berth.kill();
    const [first, ...others] = await recorded();
    expect(others).toEqual([]);
    const { turns, ending } = await checkRecording(first!, { mayBeCut: true });
    expect(turns).toBeGreaterThan(5);
    expect(ending).toBeNull();
    await berth.start();
    await berth.ready();
    await until(async () => (await resolve('resnet50', PATIENCE_MS)) === 200);
    await berth.stop();
    const [, second] = await recorded();
    expect((await checkRecording(second!)).ending).toMatchObject({ end: 'closed', dropped: 0 });
  });
});
