import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call, rpcClient } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const MODEL = 'resnet50';

describe('several Berths', () => {
  let world: PeersWorld;
  let leader: Peer;
  let follower: Peer;

  beforeEach(async () => {
    world = await startPeers();
    leader = await world.leader();
    [follower] = (await world.followers()) as [Peer];
  });

  afterEach(() => world.close());

  it('answer reads and writes alike, whichever is asked', async () => {
    const put = await call(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 });
    expect([put.status, put.headers.get('etag')]).toEqual([201, '"1"']);
    const [here, there] = [
      await call(leader, 'GET', '/v1/models/m'),
      await call(follower, 'GET', '/v1/models/m'),
    ];
    expect(there.body).toEqual(here.body);
    expect((await call(follower, 'GET', '/v1/models?pageSize=1000')).body).toEqual(
      (await call(leader, 'GET', '/v1/models?pageSize=1000')).body,
    );
    const refused = await call(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: -1 });
    expect([refused.status, refused.body.reason]).toEqual([400, 'invalid_request']);
    const gone = await call(follower, 'DELETE', '/v1/models/m');
    expect([gone.status, gone.body]).toEqual([204, null]);
  });

  it('name the leader by its name among the peers', async () => {
    for (const peer of [leader, follower])
      expect((await call(peer, 'GET', '/v1/fleet')).body.leader).toMatchObject({ id: leader.name });
  });

  it('answer over gRPC alike', async () => {
    const [here, there] = [rpcClient(leader, 'Admin'), rpcClient(follower, 'Admin')];
    try {
      const spec = { fields: { gpuMemoryLimitMb: { numberValue: 100 } } };
      await there.call('PutModel', { model: 'm', spec }, new Metadata());
      for (const method of ['ListModels', 'ListServers', 'GetScaling']) {
        expect(await there.call(method, {}, new Metadata())).toEqual(
          await here.call(method, {}, new Metadata()),
        );
      }
      await expect(there.call('GetModel', { model: 'nothing' }, new Metadata())).rejects.toThrow('NOT_FOUND');
    } finally {
      here.close();
      there.close();
    }
  });

  it('load a cold model, whichever is asked', async () => {
    const cold = await call(follower, 'POST', `/v1/models/${MODEL}/resolve`, { waitMs: 60_000 });
    expect([cold.status, cold.body.cold]).toEqual([200, true]);
    const router = rpcClient((await world.followers())[1]!, 'Router');
    const warm = await router
      .call('Resolve', { model: MODEL }, new Metadata(), 60_000)
      .finally(() => router.close());
    expect(warm['server']).toMatchObject({ id: 'a' });
  });

  it('carry a request over the change of the leader', async () => {
    await call(leader, 'PUT', '/v1/fleet/frozen', { reason: 'a test' });
    const asked = [leader, follower].map((peer) =>
      call(peer, 'POST', `/v1/models/${MODEL}/resolve`, { waitMs: 60_000, affinityKey: 'k' }),
    );
    await until(() => leader.scheduler.engine.fleet.waiting.size === 2);
    world.elections.depose();
    const next = await world.leader();
    expect(next).not.toBe(leader);
    const { waiting } = next.scheduler.engine.fleet;
    await until(() => waiting.size === 2);
    expect(Array.from(waiting.values(), ({ affinityKey }) => affinityKey)).toEqual(['k', 'k']);
    await call(leader, 'DELETE', '/v1/fleet/frozen');
    for (const { status, body } of await Promise.all(asked))
      expect([status, body.reason]).toEqual([200, undefined]);
  });

  it('change nothing twice where a write is told again to the next leader', async () => {
    const key = { 'idempotency-key': 'k1' };
    const first = await call(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, key);
    world.elections.depose();
    const next = await world.leader();
    const second = await call(leader, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 }, key);
    expect([first.status, second.status, second.body.revision]).toEqual([201, 201, '1']);
    expect(next).not.toBe(leader);
  });

  it('let go where they end, and another goes on', async () => {
    await call(follower, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 });
    await leader.scheduler.close();
    expect((await call(follower, 'GET', '/v1/models/m')).body.revision).toBe('1');
  });

  it('tell in their metrics which of them leads', async () => {
    const told = async ({ scheduler }: Peer): Promise<string[]> => {
      const text = await (await fetch(`${scheduler.http}/metrics`)).text();
      return ['leader', 'term'].map((name) => new RegExp(`^berth_${name} (.*)$`, 'm').exec(text)![1]!);
    };
    expect(await told(leader)).toEqual(['1', '1']);
    expect(await told(follower)).toEqual(['0', '1']);
  });
});
