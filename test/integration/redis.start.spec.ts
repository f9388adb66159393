import { afterEach, expect, it } from '@jest/globals';
import { StoreUnusable } from '#store';
import { type OpenRedis, openRedis, type OpenRedisOptions, type RedisOptions } from '#store-redis';
import { describeWithParts } from '../support/parts.js';
import { at, RedisServer } from '../support/redis.js';
import { sparePort } from '../support/spare-port.js';
import { until } from '../support/until.js';

describeWithParts('the start on a Redis', ['redis-server'], () => {
  let ends: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const end of ends.toReversed()) await end();
    ends = [];
  });

  const started = async (...settings: string[]): Promise<RedisServer> => {
    const server = await RedisServer.start({ settings });
    ends.push(() => server.remove());
    return server;
  };

  const open = async (redis: RedisOptions, more: Partial<OpenRedisOptions> = {}): Promise<OpenRedis> => {
    const opened = await openRedis({ redis, fleet: 'berth', peer: 'a', ...more });
    ends.push(() => opened.close());
    return opened;
  };

  const refusal = async (
    redis: RedisOptions,
    more: Partial<OpenRedisOptions> = {},
  ): Promise<StoreUnusable> => {
    const error: unknown = await open(redis, more).catch((why: unknown) => why);
    expect(error).toBeInstanceOf(StoreUnusable);
    return error as StoreUnusable;
  };

  it('is refused where keys are evicted', async () => {
    const server = await started('maxmemory 100mb', 'maxmemory-policy allkeys-lru');
    expect(await refusal(at(server))).toMatchObject({
      reason: 'evicting',
      message: expect.stringMatching(
        /^redis: .*evicts keys \(allkeys-lru\): set maxmemory-policy to noeviction/,
      ),
    });
  });

  it('is refused where there is no such database, instead of going on in another one', async () => {
    const { reason, message } = await refusal(at(await started(), { database: 99 }));
    expect([reason, message]).toEqual(['no_database', expect.stringContaining('there is no database 99')]);
  });

  it('is refused with wrong credentials or none, and repeats none', async () => {
    const server = await started('requirepass right', 'user u on >mine ~berth:* +@all');
    for (const credentials of [{}, { password: 'hunter2' }, { username: 'u', password: 'hunter2' }]) {
      const { reason, message } = await refusal(at(server, credentials));
      expect(reason).toBe('wrong_credentials');
      expect(message).not.toContain('hunter2');
    }
    await open(at(server, { username: 'u', password: 'mine' }));
  });

  it('is refused to a user that lacks a right', async () => {
    const server = await started('user default off', 'user u on >mine ~berth:* +@all -info');
    const { message } = await refusal(at(server, { username: 'u', password: 'mine' }));
    expect(message).toContain("no permissions to run the 'info' command");
  });

  it('is granted to a user with the rights that the documents name', async () => {
    const rights =
      '+hello +auth +ping +client|setinfo +client|setname +info +select +get +set +del +hget +hmget +hset +hdel +hkeys +hscan +scan +eval +time +wait';
    const server = await started('user default off', `user u on >mine ~berth:* -@all ${rights}`);
    const redis = await open(at(server, { username: 'u', password: 'mine' }));
    const state = await redis.leaseKeeper.read();
    const claim = { peer: 'a', grpc: 'a:1', http: 'http://a', floor: 0, seen: state };
    const claimed = await redis.leaseKeeper.acquire(claim);
    if (claimed.outcome === 'taken') throw new Error('it is free');
    const rows = await redis.rowsOf(claimed.lease.term);
    await rows.write([{ key: 'told/model/m', text: '1' }]);
    expect(await redis.leaseKeeper.renew(claimed.lease)).toBe('confirmed');
    await redis.leaseKeeper.release(claimed.lease);
  });

  it('is refused to another fleet under the same prefix', async () => {
    const server = await started();
    const { leaseKeeper } = await open(at(server));
    const seen = await leaseKeeper.read();
    await leaseKeeper.acquire({ peer: 'a', grpc: 'a:1', http: 'http://a', floor: 0, seen });
    expect(await refusal(at(server), { fleet: 'other', peer: 'b' })).toMatchObject({
      reason: 'other_fleet',
      message: expect.stringContaining('belongs to the installation "berth", not to "other"'),
    });
    await open(at(server, { keyPrefix: 'other' }), { fleet: 'other', peer: 'b' });
  });

  it('is refused to a second process with the name of a peer, and granted once the first has ended', async () => {
    const server = await started();
    const first = await open(at(server));
    expect(await refusal(at(server))).toMatchObject({
      reason: 'name_in_use',
      message: 'peer.name: another process has the name "a": each peer needs one of its own',
    });
    await first.close();
    await open(at(server));
  });

  it('says that the name was lost, where another process has it meanwhile', async () => {
    const server = await started();
    const lost: Error[] = [];
    const opened = await open(at(server), { onNameLost: (error) => lost.push(error) });
    await server.command('SET', 'berth:name:a', 'another process');
    await until(() => lost.length > 0);
    expect(lost[0]).toMatchObject({ reason: 'name_in_use' });
    await opened.close();
    expect(await server.command('GET', 'berth:name:a')).toBe('another process');
    expect(lost).toHaveLength(1);
  });

  it('is told what should be changed', async () => {
    const advice: string[] = [];
    await open(at(await started('appendonly no'), { confirm: 1 }), { onAdvice: (text) => advice.push(text) });
    expect(advice).toEqual([
      expect.stringContaining('appendonly is off'),
      expect.stringContaining('min-replicas-to-write is 0'),
      expect.stringContaining('0 replicas are connected and 1 have to confirm'),
    ]);
    const none: string[] = [];
    await open(at(await started()), { onAdvice: (text) => none.push(text) });
    expect(none).toEqual([]);
  });

  it('waits for a Redis that is away, says so once, and can be given up', async () => {
    const waits: string[] = [];
    const port = await sparePort();
    const onWaiting = (text: string): void => void waits.push(text);
    const opening = open(at({ port }), { onWaiting });
    await until(() => waits.length > 0);
    const server = await RedisServer.start({ port });
    ends.push(() => server.remove());
    await opening;
    expect(waits).toEqual([expect.stringContaining('does not answer')]);
    const over = new AbortController();
    const other = open(at({ port: await sparePort() }), { signal: over.signal });
    over.abort();
    await expect(other).rejects.toThrow();
  });
});
