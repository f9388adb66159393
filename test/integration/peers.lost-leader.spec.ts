import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const MODEL = 'resnet50';
const SPEC = { gpuMemoryLimitMb: 100 };

describe('several Berths whose leader is lost', () => {
  let world: PeersWorld;
  let leader: Peer;
  let follower: Peer;

  beforeAll(async () => {
    world = await startPeers({ areLinked: true });
    leader = await world.leader();
    follower = (await world.followers())[1]!;
    await call(follower, 'POST', `/v1/models/${MODEL}/resolve`, { waitMs: 60_000 });
  });

  afterAll(() => world.close());

  /** How often a call was handed to the leader, by what came of it. */
  const handedOn = async (result: string): Promise<number> => {
    const text = await (await fetch(`${follower.scheduler.http}/metrics`)).text();
    return Number(new RegExp(`^berth_forwards_total{result="${result}"} (.*)$`, 'm').exec(text)?.[1] ?? 0);
  };

  const resolve = (asked: object) => call(follower, 'POST', `/v1/models/${MODEL}/resolve`, asked);

  it('give short leases at once while it cannot be asked for longer ones, and long ones before and after', async () => {
    const asked = { leaseMs: 60_000, waitMs: 600_000 };
    expect((await resolve(asked)).body).toMatchObject({ leaseMs: 60_000 });
    const before = await handedOn('answered');
    leader.link!.cut();
    const cut = await until(async () => {
      const { body } = await resolve(asked);
      return body.leaseMs === 10_000 ? body : null;
    });
    expect(cut).toMatchObject({ model: MODEL, cold: false, stale: false });
    const inVain = await handedOn('no_leader');
    expect((await resolve(asked)).body).toMatchObject({ leaseMs: 10_000 });
    expect([await handedOn('no_leader'), await handedOn('answered')]).toEqual([inVain, before]);
    leader.link!.mend();
    await until(async () => (await resolve(asked)).body.leaseMs === 60_000);
  });

  it('do a write once of which the answer is lost', async () => {
    leader.link!.cutAtAnswer();
    const put = call(follower, 'PUT', '/v1/models/m', SPEC);
    await until(async () => (await call(leader, 'GET', '/v1/models/m')).status === 200);
    world.elections.depose();
    const next = await world.leader();
    expect(next).not.toBe(leader);
    const { status, body, headers } = await put;
    expect([status, headers.get('etag')]).toEqual([201, '"1"']);
    expect(body).toMatchObject({ name: 'm', revision: '1' });
    const audit = await call(follower, 'GET', '/v1/audit?kind=model&name=m');
    expect(audit.body.items).toHaveLength(1);
  });
});
