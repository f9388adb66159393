import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Claimed, Lease, LeaseClaim, LeaseKeeper } from '#engine';
import { type OpenRedis, openRedis } from '#store-redis';
import { describeWithParts } from '../support/parts.js';
import { at, RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const NOTHING = { lease: null, lastTerm: 0, releasedTerm: 0 };

describeWithParts('the lease in Redis', ['redis-server'], () => {
  let server: RedisServer;
  let opened: OpenRedis[];
  let [one, other]: LeaseKeeper[] = [];

  const open = async (peer: string): Promise<LeaseKeeper> => {
    const redis = await openRedis({ redis: at(server), fleet: 'berth', peer });
    opened.push(redis);
    return redis.leaseKeeper;
  };

  const claim = (peer: string, more: Partial<LeaseClaim> = {}): LeaseClaim => {
    return { peer, grpc: `${peer}:1`, http: `http://${peer}`, floor: 0, seen: NOTHING, ...more };
  };

  const leaseOf = (claimed: Claimed): Lease => {
    if (claimed.outcome === 'taken') throw new Error('the lease was taken');
    return claimed.lease;
  };

  beforeEach(async () => {
    [server, opened] = [await RedisServer.start(), []];
    [one, other] = [await open('a'), await open('b')];
  });

  afterEach(async () => {
    await Promise.all(opened.map((redis) => redis.close()));
    await server.remove();
  });

  it('is nothing at first, and then what its holder said', async () => {
    expect(await one!.read()).toMatchObject(NOTHING);
    const lease = leaseOf(await one!.acquire(claim('a')));
    expect(lease).toMatchObject({ peer: 'a', renewals: 0, grpc: 'a:1', http: 'http://a' });
    expect(lease.term).toBeGreaterThan(1.7e15);
    expect(await other!.read()).toMatchObject({ lease, lastTerm: lease.term, releasedTerm: 0 });
    expect(await one!.renew({ ...lease, renewals: 1 })).toBe('confirmed');
    expect((await other!.read()).lease).toEqual({ ...lease, renewals: 1 });
  });

  it('goes to one of those that ask at once', async () => {
    const asked = [one!.acquire(claim('a')), other!.acquire(claim('b'))];
    const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['acquired', 'taken']);
  });

  it('goes to the next one with a higher term, and is lost to the first', async () => {
    const first = leaseOf(await one!.acquire(claim('a')));
    expect(await other!.acquire(claim('b'))).toEqual({ outcome: 'taken' });
    const second = leaseOf(await other!.acquire(claim('b', { seen: await other!.read() })));
    expect(second.term).toBeGreaterThan(first.term);
    expect(await one!.renew(first)).toBe('lost');
    await one!.release(first);
    expect((await one!.read()).lease).toEqual(second);
  });

  it('has a term above the floor, whatever the clock of Redis says', async () => {
    const floor = 8e15;
    expect(leaseOf(await one!.acquire(claim('a', { floor }))).term).toBe(floor + 1);
  });

  it('is stored again by its holder where Redis was emptied', async () => {
    const lease = leaseOf(await one!.acquire(claim('a')));
    await server.restartEmpty();
    await until(() => one!.renew(lease));
    expect(await one!.read()).toMatchObject({ lease, lastTerm: lease.term, releasedTerm: 0 });
  });

  it('is not renewed once it was released', async () => {
    const lease = leaseOf(await one!.acquire(claim('a')));
    await one!.release(lease);
    expect(await one!.read()).toMatchObject({ lease: null, lastTerm: lease.term, releasedTerm: lease.term });
    expect(await one!.renew(lease)).toBe('lost');
  });

  it('is not changed by what was sent to a Redis that was stopped, and arrives late', async () => {
    const lease = leaseOf(await one!.acquire(claim('a')));
    server.stop();
    await expect(one!.renew({ ...lease, renewals: 7 })).rejects.toThrow();
    await expect(
      other!.acquire(claim('b', { seen: { lease, lastTerm: lease.term, releasedTerm: 0 } })),
    ).rejects.toThrow();
    // What is late is so by the clock of Redis: it is resumed when that has passed.
    const stoppedFor = performance.now();
    await until(() => performance.now() - stoppedFor > 1_500);
    server.resume();
    const state = await until(() => one!.read());
    expect(state).toMatchObject({ lease, lastTerm: lease.term, releasedTerm: 0 });
    expect(await until(() => one!.renew({ ...lease, renewals: 8 }))).toBe('confirmed');
  });

  it('makes no sense where another program wrote it, and says so', async () => {
    await server.command('SET', 'berth:lease', 'nonsense');
    await expect(one!.read()).rejects.toThrow('makes no sense');
  });
});
