import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { explanationSchema } from '#contracts';
import { berthctl } from '../support/berthctl.js';
import { ON_ONE_GPU } from '../support/on-one-gpu.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const MIB = 2 ** 20;
const TIME = /^\d{4}-.*Z$/;

describe('a GPU on which a load ran out of memory although the books had room', () => {
  let world: World;

  /** A model that takes more than the GPU has. With so long an interval of the metrics no clean sample comes meanwhile. */
  beforeAll(async () => {
    const model = (name: string, mib: number) => ({
      name,
      config: ON_ONE_GPU,
      gpuBytes: mib * MIB,
      loadMs: 100,
    });
    const declared = `{ gpuMemoryLimitMb: 4000, config: ${JSON.stringify(ON_ONE_GPU)} }`;
    world = await startWorld({
      isMapped: true,
      triton: { gpus: 1, models: [model('greedy', 30_000), model('small', 4_000)] },
      yaml: `models: { greedy: ${declared}, small: ${declared} }`,
    });
    const { grpc } = world.triton.addresses;
    await call(world, 'PUT', '/v1/servers/a', { grpc, metricsIntervalMs: 60_000 });
    expect((await call(world, 'GET', '/v1/servers/a')).body.metricsIntervalMs).toBe(60_000);
    await call(world, 'POST', '/v1/models/greedy/resolve', { waitMs: 0 });
    await until(async () => (await device()).closed?.because === 'ran_out');
  });

  afterAll(() => world.close());

  const device = async () => (await call(world, 'GET', '/v1/servers/a')).body.devices[0];
  const closed = {
    since: expect.stringMatching(TIME),
    because: 'ran_out',
    until: expect.stringMatching(TIME),
  };

  it('says so with the servers and the fleet', async () => {
    expect(await device()).toMatchObject({ flags: ['closed'], closed });
    const [told] = (await call(world, 'GET', '/v1/fleet')).body.devices;
    expect(told).toMatchObject({ server: 'a', flags: ['closed'], closed });
  });

  it('explains why a model has to wait there', async () => {
    await until(async () => (await device()).heldMb === 0);
    const body = explanationSchema.parse((await call(world, 'GET', '/v1/models/small/explain')).body);
    expect(body.devices).toMatchObject([
      { verdict: 'closed', flags: ['closed'], freeMb: 0, shortMb: 0, closed },
    ]);
    expect(body.devices[0]!.until).toBe(body.devices[0]!.closed!.until);
    expect(body.servers).toMatchObject([{ verdict: 'closed', flags: [] }]);
    const { out } = await berthctl(['explain', 'small', '--url', world.scheduler.http]);
    expect(out).toMatch(
      /\na:0 is closed for .*, since a load ran out of memory although the books had room; it opens in about /,
    );
  });

  it('tells the same over gRPC', async () => {
    const admin = rpcClient(world, 'Admin');
    const ask = (method: string, request: object) => admin.call(method, request, new Metadata());
    try {
      expect(await ask('GetServer', { server: 'a' })).toMatchObject({
        devices: [{ flags: ['closed'], closed }],
      });
      expect(await ask('GetFleet', {})).toMatchObject({
        devices: [{ server: 'a', flags: ['closed'], closed }],
      });
      expect(await ask('ExplainModel', { model: 'small' })).toMatchObject({
        servers: [{ verdict: 'closed' }],
        devices: [{ verdict: 'closed', closed }],
      });
    } finally {
      admin.close();
    }
  });

  it('has a metric', async () => {
    expect((await call(world, 'GET', '/metrics')).body).toContain(
      'berth_devices_closed{server="a",device="0",because="ran_out"} 1',
    );
  });
});
