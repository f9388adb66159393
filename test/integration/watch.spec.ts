import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import { routerClientService } from '#contracts';
import type { ReplicaId } from '#core';
import type { RouteEvent } from '../../apps/scheduler/src/cluster/replication/route-event.js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call, rpcClient } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const MODEL = 'resnet50';
const COPY = `${MODEL}@a` as ReplicaId;

/** A gateway that keeps a table by what it is told. */
class Gateway {
  readonly events: RouteEvent[] = [];
  readonly rows = new Set<string>();
  error: Error | undefined;
  private readonly client: Client;
  private readonly stream: ClientReadableStream<RouteEvent>;

  constructor({ scheduler }: Peer, request: object = {}) {
    this.client = new Client(scheduler.grpc, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = routerClientService(Number)['WatchRoutes']!;
    this.stream = this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => RouteEvent,
      { watcher: 'gateway', ...request },
    );
    this.stream.on('data', (event: RouteEvent) => this.take(event));
    this.stream.on('error', (error) => (this.error ??= error));
  }

  get version() {
    return this.events.findLast(({ hasMore }) => !hasMore)?.version;
  }

  close(): void {
    this.stream.cancel();
    this.client.close();
  }

  private take(event: RouteEvent): void {
    this.events.push(event);
    if (event.resets) this.rows.clear();
    for (const { model, server } of event.rows) this.rows.add(`${model}@${server}`);
    for (const { model, server } of event.gone) this.rows.delete(`${model}@${server}`);
  }
}

describe('the table of routes among peers', () => {
  let world: PeersWorld;
  let leader: Peer;
  let followers: readonly Peer[];
  const gateways: Gateway[] = [];

  beforeEach(async () => {
    world = await startPeers();
    leader = await world.leader();
    followers = await world.followers();
    expect((await resolve(leader)).status).toBe(200);
  });

  afterEach(async () => {
    for (const gateway of gateways.splice(0)) gateway.close();
    await world.close();
  });

  const resolve = (peer: Peer, body: object = {}) => call(peer, 'POST', `/v1/models/${MODEL}/resolve`, body);
  const watch = (peer: Peer, request: object = {}): Gateway => {
    const gateway = new Gateway(peer, request);
    gateways.push(gateway);
    return gateway;
  };
  const replicaAt = ({ scheduler }: Peer) => scheduler.engine.fleet.replicas.get(COPY);
  const isWarm = async (peer: Peer): Promise<boolean> => (await resolve(peer)).status === 200;

  it('has followers answer for warm models by themselves', async () => {
    for (const peer of followers) {
      await until(() => isWarm(peer));
      const { body } = await resolve(peer);
      expect(body).toMatchObject({ model: MODEL, version: '1', cold: false, stale: false, leaseMs: 10_000 });
      expect(body.server).toEqual((await resolve(leader)).body.server);
      expect(body.routeVersion.term).toBe(String(leader.scheduler.engine.term));
    }
  });

  it('has the leader know of leases that a follower gives, and of servers that callers doubt', async () => {
    const [follower] = followers as [Peer];
    await until(() => isWarm(follower));
    const before = replicaAt(leader) as { inUseUntil: number };
    await resolve(follower);
    await until(() => (replicaAt(leader) as { inUseUntil: number }).inUseUntil > before.inUseUntil);
    const looked = leader.scheduler.engine.fleet.servers.get('a' as never)!.lookedAt!;
    await resolve(follower, { avoid: ['a'], waitMs: 0 });
    await until(() => leader.scheduler.engine.fleet.servers.get('a' as never)!.lookedAt! > looked);
  });

  it('takes a route back from followers before the copy is unloaded', async () => {
    for (const peer of followers) await until(() => isWarm(peer));
    await until(() => leader.scheduler.engine.fleet.watchers.size === 2);
    const { status } = await call(leader, 'POST', `/v1/models/${MODEL}/unload`, { force: true });
    expect(status).toBe(202);
    await until(() => !leader.scheduler.engine.fleet.replicas.has(COPY));
    const acknowledged = [...leader.scheduler.engine.fleet.watchers.values()].map(({ revision }) => revision);
    expect(acknowledged.every((revision) => revision > 0)).toBe(true);
  });

  it('outlasts the leader: the rows of before are good until the next one has looked', async () => {
    for (const peer of followers) await until(() => isWarm(peer));
    world.elections.depose();
    for (const peer of world.peers) expect((await resolve(peer)).body).toMatchObject({ cold: false });
    const next = await world.leader();
    expect(next).not.toBe(leader);
    await until(() => replicaAt(next)?.phase === 'ready');
    for (const peer of world.peers)
      await until(
        async () => (await resolve(peer)).body.routeVersion.term === String(next.scheduler.engine.term),
      );
  });

  it('is told to gateways by every peer, all of it and then what changes', async () => {
    const told = [leader, ...followers].map((peer) => watch(peer));
    for (const gateway of told) await until(() => gateway.rows.has(COPY));
    await call(leader, 'POST', '/v1/models/bert-base/resolve', {});
    for (const gateway of told) await until(() => gateway.rows.has('bert-base@a'));
    await call(leader, 'PUT', `/v1/models/${MODEL}`, { enabled: false });
    for (const gateway of told) await until(() => !gateway.rows.has(COPY));
    expect(told.map(({ events }) => events.filter(({ resets }) => resets).length)).toEqual([1, 1, 1]);
  });

  it('is told to a gateway that comes back to another peer from where it was', async () => {
    const [follower] = followers as [Peer];
    const before = watch(follower);
    await until(() => before.rows.has(COPY));
    const later = watch(leader, { have: before.version });
    await until(() => later.version);
    expect(later.events.map(({ resets, rows }) => [resets, rows.length])).toEqual([[false, 1]]);
  });

  it('holds an unload back for gateways, on whichever peer they watch', async () => {
    const [follower] = followers as [Peer];
    const gateway = watch(follower);
    await until(() => gateway.rows.has(COPY));
    await call(leader, 'POST', `/v1/models/${MODEL}/unload`, { force: true });
    await until(() => !gateway.rows.has(COPY));
    expect(replicaAt(leader)?.phase).toBe('draining');
    gateway.close();
    await until(() => replicaAt(leader) === undefined);
  });

  it('counts what gateways report as used', async () => {
    for (const peer of [leader, followers[0]!]) {
      await until(() => isWarm(peer));
      const before = (replicaAt(leader) as { lastUse: number }).lastUse;
      const client = rpcClient(peer, 'Router');
      const uses = [{ model: MODEL, server: 'a', lastUsedMsAgo: 0, inUseForMs: 10_000, routes: 3 }];
      await client.call('ReportUsage', { watcher: 'g', uses }, new Metadata()).finally(() => client.close());
      await until(() => (replicaAt(leader) as { lastUse: number }).lastUse > before);
    }
  });

  it('refuses what breaks a rule, and peers where this process does not lead', async () => {
    const client = rpcClient(leader, 'Router');
    const report = (message: object) => client.call('ReportUsage', message, new Metadata());
    const use = { model: MODEL, server: 'a', lastUsedMsAgo: 0, inUseForMs: 10_001, routes: 1 };
    await expect(report({ watcher: '' })).rejects.toThrow('watcher: must not be empty');
    await expect(report({ watcher: 'g', uses: [use] })).rejects.toThrow('uses[0].inUseForMs');
    await expect(report({ watcher: 'g', uses: Array(1_001).fill(use) })).rejects.toThrow('at most 1000');
    client.close();
    const asPeer = watch(followers[0]!, { watcher: 'p9', peer: { configHash: '' } });
    await until(() => asPeer.error?.message.includes('No process decides'));
    const nameless = watch(leader, { watcher: 'x'.repeat(129) });
    await until(() => nameless.error?.message.includes('watcher: must have at most 128'));
  });
});
