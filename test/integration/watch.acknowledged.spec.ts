import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReplicaId } from '#core';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call } from '../support/running-scheduler.js';
import { until } from '../support/until.js';
import { WatchingGateway } from '../support/watching-gateway.js';

const MODEL = 'resnet50';
const COPY = `${MODEL}@a` as ReplicaId;
/** A Berth beats once a second, and waits for 10 s for a gateway that acknowledges nothing. */
const BEATS_OF_THE_SILENT = 9;

describe('an unload with gateways that watch', () => {
  let world: PeersWorld;
  let leader: Peer;
  let follower: Peer;
  const gateways: WatchingGateway[] = [];

  beforeEach(async () => {
    world = await startPeers({ count: 2 });
    leader = await world.leader();
    [follower] = (await world.followers()) as [Peer];
    expect((await call(leader, 'POST', `/v1/models/${MODEL}/resolve`, {})).status).toBe(200);
    await until(() => leader.scheduler.engine.fleet.watchers.size === 1);
  });

  afterEach(async () => {
    for (const gateway of gateways.splice(0)) gateway.close();
    await world.close();
  });

  async function watch(peer: Peer, name: string, acknowledges: boolean): Promise<WatchingGateway> {
    const gateway = new WatchingGateway(peer.scheduler.grpc, name, acknowledges);
    gateways.push(gateway);
    await until(() => gateway.rows.has(COPY));
    return gateway;
  }
  const unload = (force = true) => call(leader, 'POST', `/v1/models/${MODEL}/unload`, { force });
  const copy = () => leader.scheduler.engine.fleet.replicas.get(COPY);
  const waits = async (): Promise<Record<string, unknown>[]> =>
    (await call(leader, 'GET', '/v1/fleet')).body.unloadsWaitFor;

  it.each([
    ['the leader', () => leader],
    ['a follower', () => follower],
  ])('waits for no more than what they acknowledge, on %s', async (_, peer) => {
    const [one, other] = [await watch(peer(), 'one', true), await watch(peer(), 'other', true)];
    await unload();
    await until(() => copy() === undefined);
    for (const { beats, errors } of [one, other])
      expect([beats < BEATS_OF_THE_SILENT, errors]).toEqual([true, []]);
  });

  it.each([
    ['the leader', () => leader],
    ['a follower', () => follower],
  ])('is held back by one on %s until it has acknowledged, and the fleet names it', async (_, peer) => {
    await watch(peer(), 'quick', true);
    const silent = await watch(peer(), 'silent', false);
    const late = await watch(peer(), 'late', false);
    await late.acknowledge();
    await unload();
    await until(() => !silent.rows.has(COPY) && !late.rows.has(COPY));
    const facts = { kind: 'gateway', berth: peer().name, copies: 1, since: expect.any(String) };
    const named = [
      { watcher: 'silent', acknowledges: false, ...facts },
      { watcher: 'late', acknowledges: true, ...facts },
    ];
    await until(async () => (await waits()).length === 2);
    expect(await waits()).toEqual(named);
    await silent.acknowledge();
    await until(async () => (await waits()).length === 1);
    expect(copy()?.phase).toBe('draining');
    await late.acknowledge();
    await until(() => copy() === undefined);
    expect([late.beats < BEATS_OF_THE_SILENT, await waits()]).toEqual([true, []]);
  });

  it.each([
    ['the leader', () => leader],
    ['a follower', () => follower],
  ])('waits for what they use on %s, which they say with what they acknowledge', async (_, peer) => {
    const gateway = await watch(peer(), 'one', false);
    await gateway.acknowledge();
    await unload(false);
    await until(() => !gateway.rows.has(COPY));
    const before = (copy() as { inUseUntil: number }).inUseUntil;
    const use = { model: MODEL, server: 'a', lastUsedMsAgo: 0, inUseForMs: 10_000, routes: 1 };
    await gateway.acknowledge([use]);
    await until(async () => (await waits()).length === 0);
    expect((copy() as { inUseUntil: number }).inUseUntil).toBeGreaterThan(before);
    expect(copy()?.phase).toBe('draining');
  });

  it('refuses an acknowledgement of what was never sent', async () => {
    const gateway = await watch(leader, 'one', false);
    const { term, sequence } = gateway.version!;
    const later = { term, sequence: String(Number(sequence) + 1) as never };
    await expect(gateway.acknowledge([], later)).rejects.toThrow('acknowledged: must be of an event');
  });
});
