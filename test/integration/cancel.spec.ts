import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata, type ServiceError, status as codeOf } from '@grpc/grpc-js';
import { call, rpcClient, type RpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const SLOW = 'resnet50';

describe('callers that leave while they wait for orders', () => {
  it('give their places to others at once, over gRPC and HTTP', async () => {
    const world = await startWorld();
    const admin = rpcClient(world, 'Admin');
    try {
      world.triton.sim.inject({ kind: 'stuckLoad', model: SLOW });
      const gone = { grpc: new AbortController(), http: new AbortController() };
      setMaxListeners(0, gone.grpc.signal);
      const waiting = (signal: AbortSignal): Promise<unknown> =>
        admin
          .call('loadModel', { model: SLOW, waitMs: 600_000 }, new Metadata(), undefined, signal)
          .catch(({ code }: ServiceError) => code);
      const overHttp = (signal: AbortSignal, waitMs = 600_000) =>
        fetch(`${world.scheduler.http}/v1/models/${SLOW}/load?waitMs=${waitMs}`, { method: 'POST', signal });
      const last = overHttp(gone.http.signal).catch(() => 'gone');
      await until(async () => (await call(world, 'GET', `/v1/models/${SLOW}`)).body.state === 'loading');
      const waits = Array.from({ length: 1_010 }, () => waiting(gone.grpc.signal));
      const status = async () => (await overHttp(new AbortController().signal, 1)).status;
      // On a busy machine some may end at once, as a connection can be lost: others take their places.
      await until(async () => {
        if ((await status()) === 429) return true;
        waits.push(...Array.from({ length: 10 }, () => waiting(gone.grpc.signal)));
        return false;
      });
      gone.http.abort();
      expect(await last).toBe('gone');
      await until(async () => (await status()) === 202);
      gone.grpc.abort();
      const codes = await Promise.all(waits);
      expect(codes.filter((code) => code === codeOf.CANCELLED).length).toBeGreaterThan(990);
      await until(async () => (await status()) === 202);
    } finally {
      admin.close();
      await world.close();
    }
  });
});

describe('a caller that leaves before the load of its model is ordered', () => {
  let world: World;
  let router: RpcClient;

  /** One load at a time, and a slow one is under way: whatever comes next stands in line for the slot. */
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
  const standsInLine = (model: string): boolean =>
    [...world.scheduler.engine.fleet.line.keys()].some((id) => id === model);

  /** Over HTTP the connection closes, over gRPC the call is cancelled. */
  const LEAVING: [string, (model: string, signal: AbortSignal) => Promise<unknown>][] = [
    [
      'HTTP',
      (model, signal) =>
        fetch(`${world.scheduler.http}/v1/models/${model}/resolve`, { method: 'POST', signal }),
    ],
    ['gRPC', (model, signal) => router.call('resolve', { model }, new Metadata(), undefined, signal)],
  ];

  it.each(LEAVING)('takes its job out of the line, over %s', async (_, ask) => {
    const gone = new AbortController();
    const answer = ask('mobilenet-v2', gone.signal).then(
      () => 'answered',
      () => 'gone',
    );
    await until(async () => (await state('mobilenet-v2')) === 'waiting');
    expect(standsInLine('mobilenet-v2')).toBe(true);
    gone.abort();
    expect(await answer).toBe('gone');
    await until(async () => (await state('mobilenet-v2')) === 'absent');
    expect(standsInLine('mobilenet-v2')).toBe(false);
  });

  it.each(LEAVING)(
    'leaves it there for other requests that wait, or for best-effort demand, over %s',
    async (_, ask) => {
      const gone = new AbortController();
      await call(world, 'POST', '/v1/models/bert-base/resolve', { waitMs: 0 });
      const answer = ask('bert-base', gone.signal).catch(() => 'gone');
      await until(() => world.scheduler.engine.fleet.waiting.size === 1);
      gone.abort();
      expect(await answer).toBe('gone');
      await until(() => world.scheduler.engine.fleet.waiting.size === 0);
      expect(await state('bert-base')).toBe('waiting');
    },
  );
});
