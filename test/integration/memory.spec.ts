import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ON_ONE_GPU } from '../support/on-one-gpu.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const MIB = 2 ** 20;

describe('the memory of a server with eight GPUs', () => {
  let world: World;

  beforeAll(async () => {
    const model = (name: string, mib: number) => ({
      name,
      config: ON_ONE_GPU,
      gpuBytes: mib * MIB,
      loadMs: 500,
    });
    world = await startWorld({
      isMapped: true,
      triton: { gpus: 8, baselineMb: 300, models: [model('small', 700), model('large', 3_000)] },
      yaml: `models: { large: { gpuMemoryLimitMb: 2500, config: ${JSON.stringify(ON_ONE_GPU)} } }`,
    });
  });

  afterAll(() => world.close());

  const device = async (ordinal: number) => (await call(world, 'GET', '/v1/servers/a')).body.devices[ordinal];
  const copies = async (model: string) => (await call(world, 'GET', `/v1/models/${model}`)).body.copies;

  it('is told apart: ours as measured, what others hold, and what is left', async () => {
    await until(async () => (await device(7)).foreignMb === 300);
    const { status, body } = await call(world, 'POST', '/v1/models/large/resolve');
    expect(status).toBe(200);
    const [ordinal] = body.devices as number[];
    await until(async () => (await copies('large'))[0].memoryMb.measured !== null);
    expect(await copies('large')).toMatchObject([
      { device: ordinal, memoryMb: { reserved: 3_000, measured: 3_000, basis: 'measured' } },
    ]);
    expect(await device(ordinal!)).toMatchObject({
      heldMb: 3_000,
      foreignMb: 300,
      measuredMb: 3_300,
      flags: [],
    });

    world.triton.sim.inject({ kind: 'foreignMemory', device: 7, bytes: 20_000 * MIB });
    await until(async () => (await device(7)).foreignMb === 20_300);
    expect(await device(7)).toMatchObject({ capacityMb: 24_576 - 1_024 - 20_300, residueMb: 0 });
    const metrics = await call(world, 'GET', '/metrics');
    expect(metrics.body).toContain(
      `berth_device_memory_bytes{server="a",device="7",kind="foreign"} ${20_300 * MIB}`,
    );
  });

  it('that an unload does not give back is residue, and calls for a restart', async () => {
    const [copy] = await copies('large');
    world.triton.sim.inject({ kind: 'residue', model: 'large', bytes: 2_800 * MIB });
    await call(world, 'POST', '/v1/models/large/unload', { force: true });
    await until(async () => (await device(copy.device)).residueMb > 0);
    expect(await device(copy.device)).toMatchObject({ heldMb: 0, residueMb: 2_800, flags: ['residue'] });
    expect((await call(world, 'GET', '/v1/servers/a')).body.flags).toContain('needs_restart');
  });
});

describe('a GPU on which models come and go while a foreign process takes memory of it', () => {
  const NAMES = Array.from({ length: 8 }, (_, at) => `m${at}`);
  const ROUNDS = 30;
  let world: World;

  beforeAll(async () => {
    const models = NAMES.map((name) => ({ name, config: ON_ONE_GPU, gpuBytes: 4_000 * MIB, loadMs: 500 }));
    const declared = NAMES.map(
      (name) => `${name}: { gpuMemoryLimitMb: 4000, config: ${JSON.stringify(ON_ONE_GPU)} }`,
    );
    world = await startWorld({
      isMapped: true,
      triton: { gpus: 1, baselineMb: 300, models },
      yaml: `models: { ${declared.join(', ')} }`,
    });
  });

  afterAll(() => world.close());

  const device = async () => (await call(world, 'GET', '/v1/servers/a')).body.devices[0];
  const resolve = (round: number, waitMs = 1_000) =>
    call(world, 'POST', `/v1/models/${NAMES[round % NAMES.length]}/resolve`, { waitMs });
  const unload = (round: number) =>
    call(world, 'POST', `/v1/models/${NAMES[round % NAMES.length]}/unload`, { force: true });

  it('has one load fail for it at most', async () => {
    await until(async () => (await device()).foreignMb === 300);
    for (let round = 0; round < 4; round += 1) expect((await resolve(round, PATIENCE_MS)).status).toBe(200);
    await unload(0);
    world.triton.sim.inject({ kind: 'foreignMemory', device: 0, bytes: 7_000 * MIB });
    for (let round = 4; round < ROUNDS; round += 1) {
      await resolve(round);
      await unload(round - 3);
    }
    const { body } = await call(world, 'GET', '/metrics');
    const [, failed = '0'] = /berth_load_seconds_count\{outcome="failed"\} (\d+)/.exec(body as string) ?? [];
    expect(Number(failed)).toBeLessThanOrEqual(1);
    await until(async () => (await device()).foreignMb > 6_000);
    world.triton.sim.inject({ kind: 'foreignMemory', device: 0, bytes: 300 * MIB });
    await until(async () => (await device()).foreignMb < 1_000);
  });
});
