import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type Row, type Rows, StoreUnavailable } from '#store';
import { type OpenRedis, openRedis } from '#store-redis';
import { describeWithParts } from '../support/parts.js';
import { at, nextRows, RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const put = (key: string, text: string): Row => ({ key, text });

describeWithParts('rows in a Redis that fails', ['redis-server'], () => {
  let server: RedisServer;
  let redis: OpenRedis;
  let rows: Rows;
  let term: number;
  let [advice, higher]: [string[], number[]] = [[], []];

  const all = async (from: Rows): Promise<Row[]> => {
    const found: Row[] = [];
    for await (const row of from.read('')) found.push(row);
    return found;
  };

  const losses = (): string[] => advice.filter((text) => text.includes('has lost'));

  beforeEach(async () => {
    [advice, higher] = [[], []];
    server = await RedisServer.start();
    redis = await openRedis({
      ...{ redis: at(server), fleet: 'berth', peer: 'a' },
      onAdvice: (text) => advice.push(text),
      onHigherTerm: (term) => higher.push(term),
    });
    ({ rows, term } = await nextRows(redis));
  });

  afterEach(async () => {
    await rows.close();
    await redis.close();
    await server.remove();
  });

  it('are written again where it was emptied, but those that are read on request', async () => {
    await rows.write([put('told/model/m', '1'), put('learned/wants/hour', '2'), put('told/audit/1', '3')]);
    await server.restartEmpty();
    await rows.write([put('told/model/n', '4')]);
    expect(losses()).toHaveLength(1);
    expect(losses()[0]).toContain('has lost 1 writes');
    const next = (await nextRows(redis)).rows;
    expect(await all(next)).toEqual([
      put('learned/wants/hour', '2'),
      put('told/model/m', '1'),
      put('told/model/n', '4'),
    ]);
  });

  it('are what the leader has, also where it came back with an older state', async () => {
    await rows.write([put('told/model/m', 'old'), put('told/model/gone', '1')]);
    await server.command('COPY', 'berth:rows:told/model/', 'before');
    const meta = (await server.command('HGET', 'berth:meta', 'last')) as string;
    await rows.write([put('told/model/m', 'new'), { key: 'told/model/gone', text: null }]);
    await server.command('COPY', 'before', 'berth:rows:told/model/', 'REPLACE');
    await server.command('HSET', 'berth:meta', 'last', meta, 'writes', 1);
    await rows.write([put('told/model/x', '1')]);
    expect(losses()).toHaveLength(1);
    expect(await all((await nextRows(redis)).rows)).toEqual([
      put('told/model/m', 'new'),
      put('told/model/x', '1'),
    ]);
  });

  it('take no write of a term that is over', async () => {
    await rows.write([put('a', '1')]);
    const later = await nextRows(redis);
    await later.rows.write([put('a', '2')]);
    await expect(rows.write([put('a', '3')])).rejects.toThrow(StoreUnavailable);
    expect(higher).toEqual([later.term]);
    expect(await (await nextRows(redis)).rows.get('a')).toBe('2');
    await expect(redis.rowsOf(later.term)).rejects.toThrow('another peer leads');
  });

  it('say that it does not answer, and have nothing afterwards of what was refused', async () => {
    await rows.write([put('told/model/m', '1')]);
    server.stop();
    await expect(rows.write([put('told/model/m', '2')])).rejects.toThrow(StoreUnavailable);
    server.resume();
    await until(() => rows.write([put('told/model/o', '4')]));
    expect(losses()).toEqual([]);
    const here = await all(rows);
    expect(here).toEqual([put('told/model/m', '1'), put('told/model/o', '4')]);
    expect(await all((await nextRows(redis)).rows)).toEqual(here);
  });

  it('are not read from a server that does not have their term, and are once it has', async () => {
    await rows.write([put('told/model/m', '1'), put('told/audit/1', '2')]);
    await server.command('HSET', 'berth:meta', 'term', term - 1);
    await expect(redis.rowsOf(term)).rejects.toThrow('does not have the present term');
    await expect(rows.get('told/audit/1')).rejects.toThrow(StoreUnavailable);
    await expect(all(rows)).rejects.toThrow(StoreUnavailable);
    expect(higher).toEqual([]);
    await server.command('HSET', 'berth:meta', 'term', term);
    expect(await until(() => rows.get('told/audit/1'))).toBe('2');
    expect(await all(await redis.rowsOf(term))).toHaveLength(2);
  });

  it('ask anew which server takes writes where theirs is a replica by now', async () => {
    const connections = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(String(await server.command('INFO', 'stats')))![1]);
    const before = await connections();
    await server.command('REPLICAOF', '127.0.0.1', 1);
    // The name of the peer is repeated by itself.
    await until(async () => (await connections()) > before);
  });

  it('are there after it was killed and came back', async () => {
    await rows.write([put('told/model/m', '1')]);
    await server.kill();
    await expect(rows.write([put('told/model/m', '2')])).rejects.toThrow(StoreUnavailable);
    await server.restart();
    await until(() => rows.write([put('told/model/n', '2')]));
    expect(losses()).toEqual([]);
    expect(await rows.get('told/model/n')).toBe('2');
  });

  it('are refused beyond so many that wait', async () => {
    server.stop();
    const many = Array.from({ length: 1_100 }, (_, nth) => rows.write([put('a', `${nth}`)]));
    const ends = await Promise.allSettled(many);
    const refused = ends.filter(
      (end) => end.status === 'rejected' && String(end.reason).includes('wait for the store'),
    );
    expect(refused.length).toBeGreaterThanOrEqual(99);
    server.resume();
    await until(() => rows.write([put('a', 'last')]));
    expect(await rows.get('a')).toBe('last');
  });
});
