import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReplicaId } from '#core';
import { EventReader } from '../support/event-reader.js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const MODEL = 'resnet50';
const COPY = `${MODEL}@a` as ReplicaId;

describe('routes over HTTP among peers', () => {
  let world: PeersWorld;
  let leader: Peer;
  let followers: readonly Peer[];
  const readers: EventReader[] = [];

  beforeEach(async () => {
    world = await startPeers({ areLinked: true });
    leader = await world.leader();
    followers = await world.followers();
    expect((await call(leader, 'POST', `/v1/models/${MODEL}/resolve`)).status).toBe(200);
  });

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    await world.close();
  });

  async function watch({ scheduler }: Peer, headers: Record<string, string> = {}): Promise<EventReader> {
    const reader = await EventReader.open(scheduler.http, headers);
    readers.push(reader);
    return reader;
  }

  const modelsOf = async (peer: Peer): Promise<string[]> =>
    (await call(peer, 'GET', '/v1/routes')).body.routes.map(({ model }: { model: string }) => model);
  const knows = (peer: Peer) => until(async () => (await modelsOf(peer)).includes(MODEL));
  const replicaAt = ({ scheduler }: Peer) => scheduler.engine.fleet.replicas.get(COPY);
  const unload = () => call(leader, 'POST', `/v1/models/${MODEL}/unload`, { force: true });

  it('are told by every peer, all of them and then what changes', async () => {
    const told: EventReader[] = [];
    for (const peer of world.peers) {
      await knows(peer);
      told.push(await watch(peer));
    }
    for (const reader of told) await until(() => reader.rows.has(COPY));
    await call(leader, 'POST', '/v1/models/bert-base/resolve');
    for (const reader of told) await until(() => reader.rows.has('bert-base@a'));
    await call(leader, 'PUT', `/v1/models/${MODEL}`, { enabled: false });
    for (const reader of told) await until(() => !reader.rows.has(COPY));
    for (const peer of world.peers) await until(async () => !(await modelsOf(peer)).includes(MODEL));
  });

  it('are told by a follower from its own table, also where it does not reach its leader', async () => {
    const [follower] = followers as [Peer];
    await knows(follower);
    leader.link!.cut();
    expect(await modelsOf(follower)).toEqual([MODEL]);
    const reader = await watch(follower);
    await until(() => reader.rows.has(COPY));
    const usage = { uses: [{ model: MODEL, server: 'a', routes: 1 }] };
    expect((await call(follower, 'POST', '/v1/routes/usage', usage)).status).toBe(204);
  });

  it('are told from where it was to a client that goes on to another peer', async () => {
    const [follower] = followers as [Peer];
    const before = await watch(follower);
    await until(() => before.rows.has(COPY));
    const later = await watch(leader, { 'last-event-id': before.lastId });
    expect((await later.first()).data.resets).toBe(false);
  });

  it('count as used where a gateway says so to any peer', async () => {
    for (const peer of [leader, followers[0]!]) {
      await knows(peer);
      const before = (replicaAt(leader) as { lastUse: number }).lastUse;
      const uses = [{ model: MODEL, server: 'a', lastUsedMsAgo: 0, inUseForMs: 10_000, routes: 3 }];
      expect((await call(peer, 'POST', '/v1/routes/usage', { uses })).status).toBe(204);
      await until(() => (replicaAt(leader) as { lastUse: number }).lastUse > before);
    }
  });

  it.each(['watches', 'polls'])('hold an unload back for a gateway that %s a follower', async (how) => {
    const [follower] = followers as [Peer];
    await knows(follower);
    const reader = how === 'watches' ? await watch(follower) : null;
    if (reader) await until(() => reader.rows.has(COPY));
    await unload();
    await until(async () => !(await modelsOf(follower)).includes(MODEL));
    expect(replicaAt(leader)?.phase).toBe('draining');
    reader?.close();
    await until(() => replicaAt(leader) === undefined);
  });

  it('end with shutting_down where the process ends, and other peers go on', async () => {
    const [one, other] = followers as [Peer, Peer];
    await knows(one);
    const ended = await watch(one);
    await ended.first();
    const closing = one.scheduler.close();
    const { retry, data } = await ended.first(({ event }) => event === 'end');
    expect([retry, data.status, data.reason]).toEqual([data.retryAfterMs, 503, 'shutting_down']);
    await until(() => ended.hasEnded);
    await closing;
    const next = await watch(other, { 'last-event-id': ended.lastId });
    expect((await next.first()).data.resets).toBe(false);
  });
});
