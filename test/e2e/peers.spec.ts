import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ModelMessage, RouteMessage } from '#contracts';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { describeWithParts } from '../support/parts.js';
import { RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const [WARM, COLD, OTHER] = ['resnet50', 'yolov8m', 'bert-base'] as const;

/** A route that needed no load, and is of a table that is up to date. */
const WARM_ROUTE = { model: WARM, cold: false, stale: false };

describeWithParts('three Berths on one Redis', ['redis-server'], () => {
  let redis: RedisServer;
  let triton: RunningSim;
  let berths: BerthProcess[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    triton = await startTritonSim({ speed: 10 });
    const { grpc, http, metrics } = triton.addresses;
    const config = {
      redis: { url: redis.url, profile: 'fast' },
      servers: [{ id: 'a', grpc, http, metrics }],
    };
    berths = await Promise.all([1, 2, 3].map(() => startBerth({ config, hasPeers: true })));
    await Promise.all(berths.map((berth) => berth.ready()));
  });

  afterAll(async () => {
    await Promise.all(berths.map((berth) => berth.remove()));
    await triton.close();
    await redis.remove();
  });

  /** The one that decides. */
  async function leading(): Promise<BerthProcess | undefined> {
    const told = await Promise.all(
      berths.map(async (berth) => {
        const text = await berth.request<string>('GET', '/metrics').catch(() => ({ body: '' }));
        return /^berth_leader 1$/m.test(text.body);
      }),
    );
    return berths[told.indexOf(true)];
  }

  /** The one that decides, and the others. */
  async function sides(): Promise<{
    readonly leader: BerthProcess;
    readonly others: readonly BerthProcess[];
  }> {
    const leader = await until(leading);
    return { leader, others: berths.filter((berth) => berth !== leader) };
  }

  const resolved = (berth: BerthProcess, model: string, request: object = {}) =>
    berth.request<RouteMessage>('POST', `/v1/models/${model}/resolve`, request);

  it('have one leader, and tell its term alike', async () => {
    const { leader } = await sides();
    const terms = berths.map(async (berth) => {
      const { body } = await berth.request<string>('GET', '/metrics');
      return /^berth_term (\d+)$/m.exec(body)?.[1];
    });
    const [first, ...rest] = await Promise.all(terms);
    expect([Number(first) > 0, rest]).toEqual([true, [first, first]]);
    expect(leader.log()).toContain('the leader is this one');
  });

  it('load a cold model for whichever is asked, and know it from then on', async () => {
    const { others } = await sides();
    const { status, body } = await resolved(others[0]!, WARM);
    expect([status, body.cold, body.server.id]).toEqual([200, true, 'a']);
    await until(async () => {
      const answers = await Promise.all(berths.map((berth) => resolved(berth, WARM)));
      return answers.every(({ body }) => body.cold === false);
    });
  });

  it('take writes wherever they are asked, and the same one only once', async () => {
    const { others } = await sides();
    const [one, other] = [others[0]!, others[1]!];
    const key = { 'idempotency-key': 'first' };
    const put = await one.request<ModelMessage>('PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, key);
    expect([put.status, put.body.revision]).toEqual([201, '1']);
    const again = await other.request<ModelMessage>('PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, key);
    expect([again.status, again.body.revision, again.headers.get('etag')]).toEqual([201, '1', '"1"']);
    const bad = await other.request('PUT', '/v1/models/m', { gpuMemoryLimitMb: 'many' });
    expect([bad.status, bad.body]).toMatchObject([400, { reason: 'invalid_request' }]);
  });

  it('go on where the leader is killed: nothing that was written is lost, and what waits is served', async () => {
    const { leader, others } = await sides();
    await leader.kill();
    for (const berth of others)
      expect(await resolved(berth, WARM)).toMatchObject({ status: 200, body: WARM_ROUTE });
    const waiting = others.map((berth) => resolved(berth, COLD, { waitMs: 600_000 }));
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    const next = await until(leading);
    expect(next).not.toBe(leader);
    for (const berth of others) {
      const { body } = await berth.request<ModelMessage>('GET', '/v1/models/m');
      expect(body.revision).toBe('1');
    }
    const key = { 'idempotency-key': 'first' };
    const put = await others[0]!.request<ModelMessage>('PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, key);
    expect([put.status, put.body.revision]).toEqual([201, '1']);
    await leader.start();
    await leader.ready();
    expect((await resolved(leader, COLD)).status).toBe(200);
  });

  it('go on where the leader is asked to end, and a call that waits for it is handed to the next', async () => {
    const { leader, others } = await sides();
    await leader.request('PUT', '/v1/fleet/frozen', { reason: 'so that a request waits' });
    const waiting = resolved(others[0]!, OTHER, { waitMs: 600_000 });
    await until(async () => {
      const { body } = await leader.request<ModelMessage>('GET', `/v1/models/${OTHER}`);
      return body.waiting === 1;
    });
    expect(await leader.stop()).toEqual({ code: 0, signal: null });
    const next = await until(leading);
    await others[0]!.request('DELETE', '/v1/fleet/frozen');
    expect((await waiting).status).toBe(200);
    expect(next).not.toBe(leader);
    await leader.start();
  });
});
