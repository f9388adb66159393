import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { fleetSchema } from '#contracts';
import type { ProcessGauge } from '../../apps/scheduler/src/transport/limits/process-gauge.js';
import { healthOf } from '../support/grpc-health.js';
import { call, type Reply, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

/** A process that lags as a test says. */
class SaidGauge implements ProcessGauge {
  lag = 0;
  isMeasured = false;

  start(): void {
    this.isMeasured = true;
  }

  read(): ReturnType<ProcessGauge['read']> {
    return { lag: this.lag, heap: 0.2 };
  }

  stop(): void {
    this.isMeasured = false;
  }
}

describe('a Berth under pressure', () => {
  const gauge = new SaidGauge();
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      yaml: 'defaults: { idleUnloadSeconds: null }\nlimits: { shedAtLagMs: 50 }',
      parts: { gauge },
    });
    await call(world, 'POST', '/v1/models/resnet50/resolve');
  });

  afterAll(async () => {
    await world.close();
    expect(gauge.isMeasured).toBe(false);
  });

  /** Resolves once Berth has taken notice, which is at once where it is worse, and after some seconds where it is better. */
  const lags = async (ms: number, level: string): Promise<void> => {
    gauge.lag = ms;
    await until(() => world.scheduler.engine.fleet.pressure.level === level);
  };

  const resolve = (model: string, body: object = {}): Promise<Reply> =>
    call(world, 'POST', `/v1/models/${model}/resolve`, body);

  it('sheds sheddable requests for a cold model, with a hint', async () => {
    await lags(100, 'high');
    const { status, headers, body } = await resolve('bert-large', { class: 'sheddable' });
    expect({ status, reason: body.reason, detail: body.detail }).toEqual({
      status: 429,
      reason: 'queue_full',
      detail: 'pressure',
    });
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await resolve('bert-large')).status).toBe(200);
  });

  it('sheds all but the critical when it is severe, over gRPC as well', async () => {
    await lags(500, 'severe');
    const router = rpcClient(world, 'Router');
    const error = await router.call('resolve', { model: 'mistral-7b' }, new Metadata()).catch((one) => one);
    router.close();
    expect(error).toMatchObject({ code: 8 });
    expect((await resolve('t5-large', { class: 'critical' })).status).toBe(200);
  });

  it('routes to what is warm at once, whatever the class', async () => {
    await lags(5_000, 'extreme');
    for (const one of ['critical', 'default', 'sheddable'])
      expect((await resolve('resnet50', { class: one })).body).toMatchObject({ cold: false, waitedMs: 0 });
    const router = rpcClient(world, 'Router');
    const route = await router.call('resolve', { model: 'resnet50' }, new Metadata());
    router.close();
    expect(route).toMatchObject({ cold: false });
  });

  it('goes by another lag as soon as the configuration says so', async () => {
    const withLag = (shedAtLagMs: number): object =>
      world.scheduler.reload({ ...world.config, limits: { ...world.config.limits, shedAtLagMs } });
    await lags(150, 'high');
    expect(withLag(30)).toEqual([]);
    await lags(150, 'severe');
    withLag(50);
  });

  it('answers admins, and requests for its metrics', async () => {
    await lags(5_000, 'extreme');
    fleetSchema.parse((await call(world, 'GET', '/v1/fleet')).body);
    expect((await call(world, 'PUT', '/v1/models/resnet50/pin', { copies: 1 })).status).toBe(200);
    expect((await call(world, 'POST', `/v1/models/bert-base/load?waitMs=${PATIENCE_MS}`)).body.state).toBe(
      'ready',
    );
    await until(async () => (await call(world, 'GET', '/metrics')).body.includes('berth_pressure_level 3'));
  });

  it('lives and is not ready when it is extreme, and is ready again once it has passed', async () => {
    await lags(5_000, 'extreme');
    expect((await call(world, 'GET', '/health/live')).status).toBe(200);
    const { status, body } = await call(world, 'GET', '/health/ready');
    expect({ status, body }).toEqual({ status: 503, body: { status: 'pressure' } });
    await until(async () => (await healthOf(world, '')) === 'NOT_SERVING');
    await lags(0, 'none');
    expect((await call(world, 'GET', '/health/ready')).status).toBe(200);
    await until(async () => (await healthOf(world, '')) === 'SERVING');
  });
});
