import { expect, it } from '@jest/globals';
import type { Rows } from '#store';
import { type OpenRedis, openRedis } from '#store-redis';
import { describeWithParts } from '../support/parts.js';
import { at, nextRows, RedisServer } from '../support/redis.js';
import { rowsKeepTheirPromises } from './rows.js';

describeWithParts('Redis', ['redis-server'], () => {
  rowsKeepTheirPromises('Redis', async () => {
    const server = await RedisServer.start();
    const redis = await openRedis({ redis: at(server), fleet: 'berth', peer: 'a' });
    return {
      open: async () => (await nextRows(redis)).rows,
      end: async () => {
        await redis.close();
        await server.remove();
      },
    };
  });

  it('has its rows in the database and under the prefix that it was given', async () => {
    const server = await RedisServer.start();
    const rowsIn = async (database: number, keyPrefix: string): Promise<[OpenRedis, Rows]> => {
      const redis = await openRedis({
        redis: at(server, { database, keyPrefix }),
        fleet: 'berth',
        peer: 'a',
      });
      return [redis, (await nextRows(redis)).rows];
    };
    const [first, rows] = await rowsIn(3, 'one');
    await rows.write([{ key: 'a', text: '1' }]);
    const [second, others] = await rowsIn(3, 'two');
    expect(await others.get('a')).toBeUndefined();
    await Promise.all([first.close(), second.close()]);
    const [third, again] = await rowsIn(3, 'one');
    expect(await again.get('a')).toBe('1');
    await third.close();
    await server.remove();
  });
});
