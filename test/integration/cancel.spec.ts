import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { call, rpcClient, type RpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const SLOW = 'resnet50';

describe('a caller that leaves before the load of its model is ordered', () => {
  let world: World;
  let router: RpcClient;

  /** One load at a time, and a slow one is under way: whatever comes next has its place and waits. */
  beforeAll(async () => {
    world = await startWorld({ yaml: 'limits: { loadsPerServer: 1 }' });
    router = rpcClient(world, 'Router');
    world.triton.sim.inject({ kind: 'stuckLoad', model: SLOW });
    await call(world, 'POST', `/v1/models/${SLOW}/resolve`, { waitMs: 0 });
  });

  afterAll(async () => {
    router.close();
    await world.close();
  });

  const state = async (model: string): Promise<string> =>
    (await call(world, 'GET', `/v1/models/${model}`)).body.state;
  const promised = async (): Promise<number> => {
    const { devices } = (await call(world, 'GET', '/v1/servers/a')).body as {
      devices: { promisedMb: number }[];
    };
    return devices.reduce((sum, { promisedMb }) => sum + promisedMb, 0);
  };

  /** Over HTTP the connection closes, over gRPC the call is cancelled. */
  const LEAVING: [string, (model: string, signal: AbortSignal) => Promise<unknown>][] = [
    [
      'HTTP',
      (model, signal) =>
        fetch(`${world.scheduler.http}/v1/models/${model}/resolve`, { method: 'POST', signal }),
    ],
    ['gRPC', (model, signal) => router.call('resolve', { model }, new Metadata(), undefined, signal)],
  ];

  it.each(LEAVING)('takes the place and what was promised for it along, over %s', async (_, ask) => {
    const gone = new AbortController();
    const answer = ask('mobilenet-v2', gone.signal).then(
      () => 'answered',
      () => 'gone',
    );
    await until(async () => (await state('mobilenet-v2')) === 'placed');
    expect(await promised()).toBeGreaterThan(0);
    gone.abort();
    expect(await answer).toBe('gone');
    await until(async () => (await state('mobilenet-v2')) === 'absent');
    expect(await promised()).toBe(0);
  });

  it.each(LEAVING)('leaves it to other requests that wait, or to a wish for it, over %s', async (_, ask) => {
    const gone = new AbortController();
    await call(world, 'POST', '/v1/models/bert-base/resolve', { waitMs: 0 });
    const answer = ask('bert-base', gone.signal).catch(() => 'gone');
    await until(() => world.scheduler.engine.fleet.waiting.size === 1);
    gone.abort();
    expect(await answer).toBe('gone');
    await until(() => world.scheduler.engine.fleet.waiting.size === 0);
    expect(await state('bert-base')).toBe('placed');
  });
});
