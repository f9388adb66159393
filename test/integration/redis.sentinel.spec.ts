import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Election, ELECTION_PROFILES, type AcquiredTerm } from '#engine';
import { type OpenRedis, openRedis } from '#store-redis';
import { MonotonicClock } from '../../apps/scheduler/src/cluster/leadership/monotonic-clock.js';
import { describeWithParts } from '../support/parts.js';
import { nextRows, SentinelGroup, within } from '../support/redis.js';
import { until } from '../support/until.js';

/** A peer that only leads. */
class Peer {
  readonly terms: AcquiredTerm[] = [];
  readonly election: Election;

  constructor(
    readonly name: string,
    redis: OpenRedis,
  ) {
    const self = { peer: name, grpc: `${name}:1`, http: `http://${name}` };
    const options = { self, profile: ELECTION_PROFILES.fast };
    this.election = new Election(new MonotonicClock(), redis.leaseKeeper, options);
    void this.campaign();
  }

  get acts(): boolean {
    return this.terms.at(-1)?.leadership.mayAct() ?? false;
  }

  private async campaign(): Promise<void> {
    for (;;) {
      const term = await this.election.lead();
      this.terms.push(term);
      await term.leadership.ended;
    }
  }
}

describeWithParts('several peers on a Redis with Sentinels', ['redis-server'], () => {
  let group: SentinelGroup;
  let opened: OpenRedis[];
  let peers: Peer[];

  beforeEach(async () => {
    [opened, peers] = [[], []];
    group = await SentinelGroup.start({ downAfterMs: 1_000 });
  });

  afterEach(async () => {
    await Promise.all(peers.map(({ election }) => election.close()));
    await Promise.all(opened.map((redis) => redis.close()));
    await group.remove();
  });

  const open = async (peer: string, onAdvice?: (text: string) => void): Promise<OpenRedis> => {
    const redis = await openRedis({
      redis: within(group),
      fleet: 'berth',
      peer,
      ...(onAdvice && { onAdvice }),
    });
    opened.push(redis);
    return redis;
  };

  const acting = (): Peer[] => peers.filter(({ acts }) => acts);
  const terms = (): number => peers.flatMap(({ terms }) => terms).length;

  it('keep their leader while Redis has another master, and never have two that act', async () => {
    for (const name of ['a', 'b', 'c']) peers.push(new Peer(name, await open(name)));
    const most = { acted: 0 };
    const watch = setInterval(() => (most.acted = Math.max(most.acted, acting().length)), 5);
    const first = await until(() => acting()[0]);

    const killed = await group.master();
    await killed.server.kill();
    await until(async () => (await group.master()) !== killed && first.acts);
    await killed.server.restart();

    const hung = await group.master();
    hung.server.stop();
    await until(async () => (await group.master()) !== hung && first.acts);
    hung.server.resume();
    expect(terms()).toBe(1);

    // The server that was hung may still be about to become a replica: then the release is not confirmed, and silence ends the term.
    await first.election.close();
    const second = await until(() => acting()[0]);
    expect(second).not.toBe(first);
    expect(second.terms[0]!.leadership.term).toBeGreaterThan(first.terms[0]!.leadership.term);
    clearInterval(watch);
    expect(most.acted).toBe(1);
  });

  /**
   * From when one replica is promoted until the other one is told to follow it, the old master takes writes, and the other one
   * confirms them: Redis throws these away. What the leader has a copy of is written again; of the rest it is told.
   */
  it('lose no durable declaration by a planned failover, and tell where other rows are lost', async () => {
    const advice: string[] = [];
    const redis = await open('a', (text) => advice.push(text));
    const { rows } = await nextRows(redis);
    const before = await group.master();
    const failing = group.failOver();
    const durable: number[] = [];
    for (let nth = 0; (await group.master()) === before || nth < 200; nth += 1) {
      const batch = [`told/model/m${nth}`, `told/audit/${nth}`].map((key) => ({ key, text: '1' }));
      const written = await rows.write(batch).catch(() => ({ durable: false }));
      if (written.durable) durable.push(nth);
    }
    await failing;
    await until(async () => (await rows.write([{ key: 'told/model/m', text: '1' }])).durable);
    expect(durable.length).toBeGreaterThan(0);
    const after = (await until(() => nextRows(redis))).rows;
    const lost: number[] = [];
    for (const nth of durable) {
      expect([nth, await after.get(`told/model/m${nth}`)]).toEqual([nth, '1']);
      if ((await after.get(`told/audit/${nth}`)) === undefined) lost.push(nth);
    }
    expect(lost.length === 0 || advice.some((text) => text.includes('lost'))).toBe(true);
  });

  it('count nothing as confirmed while no replica answers', async () => {
    const redis = await open('a');
    const { rows } = await nextRows(redis);
    const master = await group.master();
    const replicas = group.members.filter((member) => member !== master);
    for (const { server } of replicas) server.stop();
    await until(async () => !(await rows.write([{ key: 'a', text: '1' }])).durable);
    const seen = await until(() => redis.leaseKeeper.read());
    const claim = { peer: 'a', grpc: 'a:1', http: 'http://a', floor: 0, seen };
    const claimed = await until(() => redis.leaseKeeper.acquire(claim));
    expect(claimed).toMatchObject({ outcome: 'acquired', isConfirmed: false });
    await until(async () => !(await redis.leaseKeeper.read()).canConfirm);
    for (const { server } of replicas) server.resume();
    await until(async () => (await redis.leaseKeeper.read()).canConfirm);
    const { lease } = claimed as {
      lease: { peer: string; term: number; renewals: number; grpc: string; http: string };
    };
    await until(async () => (await redis.leaseKeeper.renew(lease)) === 'confirmed');
    const later = await until(() => redis.rowsOf(lease.term));
    await until(async () => (await later.write([{ key: 'a', text: '2' }])).durable);
  });
});
