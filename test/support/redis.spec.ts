import { afterEach, expect, it } from '@jest/globals';
import { describeWithParts } from './parts.js';
import { RedisServer, SentinelGroup } from './redis.js';
import { until } from './until.js';

describeWithParts('a real Redis for tests', ['redis-server'], () => {
  let ends: (() => Promise<void>)[] = [];

  afterEach(async () => {
    await Promise.all(ends.map((end) => end()));
    ends = [];
  });

  it('keeps what it was told over a kill, and nothing where its disk is gone', async () => {
    const redis = await RedisServer.start();
    ends.push(() => redis.remove());
    await redis.command('SET', 'a', '1');
    await redis.restart();
    expect(await redis.command('GET', 'a')).toBe('1');
    await redis.restartEmpty();
    expect(await redis.command('GET', 'a')).toBeNull();
  });

  it('fails over to another member where the master is killed, and comes back as a replica', async () => {
    const group = await SentinelGroup.start({ downAfterMs: 2_000 });
    ends.push(() => group.remove());
    const first = await group.master();
    await first.server.kill();
    const second = await until(async () => {
      const now = await group.master();
      return now === first ? null : now;
    });
    await until(async () => ((await second.server.command('ROLE')) as unknown[])[0] === 'master');
    await first.server.restart();
    // On a busy machine the Sentinels may choose yet another master meanwhile.
    await until(async () => {
      await (await group.master()).server.command('SET', 'a', '1');
      const [role] = (await first.server.command('ROLE')) as unknown[];
      return role === 'slave' && (await first.server.command('GET', 'a')) === '1';
    });
  });
});
