import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { MonotonicClock } from '../../apps/scheduler/src/cluster/leadership/monotonic-clock.js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call, type Reply, rpcClient } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const [MODEL, GONE] = ['resnet50', 'mobilenet-v2'];
const BOUND_MS = 30_000;

/** A clock that can be put forward. */
class AheadClock extends MonotonicClock {
  ahead = 0;

  override now(): number {
    return super.now() + this.ahead;
  }
}

describe('peers that hear no leader for longer than the bound', () => {
  let world: PeersWorld;
  let leader: Peer;
  /** The one gives routes by its own looks, the other gives none. */
  let [serving, stopping] = [] as unknown as [Peer, Peer];
  const clocks = [new AheadClock(), new AheadClock(), new AheadClock()];

  beforeAll(async () => {
    const of = (name: string) => ({
      yaml: name === 'p2' ? 'staleRoutes: stop' : '',
      parts: { clock: clocks[Number(name.slice(1))]! },
    });
    world = await startPeers({ areLinked: true, of });
    [leader, serving, stopping] = world.peers as [Peer, Peer, Peer];
    for (const model of [MODEL, GONE]) await resolve(leader, { waitMs: 60_000 }, model);
    for (const peer of [serving, stopping])
      await until(async () => (await metric(peer, 'route_table_rows')) === 2);
  });

  afterEach(async () => {
    leader.link!.mend();
    for (const peer of [serving, stopping])
      await until(async () => (await resolve(peer, { waitMs: 0 })).body.stale === false);
  });

  afterAll(() => world.close());

  const resolve = (peer: Peer, asked: object, model = MODEL): Promise<Reply> =>
    call(peer, 'POST', `/v1/models/${model}/resolve`, asked);

  const overGrpc = (peer: Peer, asked: object) => {
    const router = rpcClient(peer, 'Router');
    return router.call('Resolve', { model: MODEL, ...asked }, new Metadata()).finally(() => router.close());
  };

  const metric = async ({ scheduler }: Peer, name: string): Promise<number> => {
    const text = await (await fetch(`${scheduler.http}/metrics`)).text();
    return Number(new RegExp(`^berth_${name} (.*)$`, 'm').exec(text)![1]);
  };

  const goWithout = async (): Promise<void> => {
    leader.link!.cut();
    for (const clock of clocks.slice(1)) clock.ahead += BOUND_MS + 1;
    await until(async () => (await metric(stopping, 'route_table_age_seconds')) * 1_000 > BOUND_MS);
  };

  it('give stale routes for 10 s at most, or none, as each is configured', async () => {
    expect(await metric(leader, 'peers_differing')).toBe(1);
    expect((await resolve(serving, { waitMs: 0 })).body).toMatchObject({ stale: false, leaseMs: 10_000 });
    await goWithout();
    const asked = { waitMs: 0, leaseMs: 60_000 };
    const stale = await until(async () => {
      const { body } = await resolve(serving, asked);
      return body.stale === true ? body : null;
    });
    expect(stale).toMatchObject({ model: MODEL, server: { id: 'a' }, leaseMs: 10_000, cold: false });
    expect(await overGrpc(serving, asked)).toMatchObject({ stale: true, leaseMs: 10_000 });
    expect(await metric(serving, 'stale_routes_total')).toBe(2);

    const refused = await resolve(stopping, asked);
    expect([refused.status, refused.body.reason]).toEqual([503, 'no_leader']);
    expect(refused.headers.get('retry-after')).toMatch(/^[0-9]+$/);
    await expect(overGrpc(stopping, asked)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(await metric(stopping, 'stale_routes_total')).toBe(0);
  });

  it('give no route to what their own look does not show, whatever their table says', async () => {
    await goWithout();
    world.triton.sim.unload(GONE, {}, () => undefined);
    await until(async () => (await resolve(serving, { waitMs: 0 })).body.stale === true);
    await until(async () => (await resolve(serving, { waitMs: 0 }, GONE)).body.reason === 'no_leader');
    expect(await metric(serving, 'route_table_rows')).toBe(2);
  });
});
