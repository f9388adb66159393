import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { openRedis, QueueWarmups } from '#store-redis';
import { describeWithParts } from '../support/parts.js';
import { at, nextRows, RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { Loads } from '../support/warmup-loads.js';
import { warmupsKeepTheirPromises } from './warmups.js';

const GUIDE = readFileSync(new URL('../../docs/replicas.md', import.meta.url), 'utf8');
const A_WARMUP = {
  id: `wu_${'1'.repeat(32)}`,
  at: '2026-01-31T12:00:00.000Z',
  credential: 'operator',
  models: Array.from({ length: 20 }, (_, nth) => `m${nth}`),
};

describeWithParts('BullMQ on a real Redis', ['redis-server'], () => {
  warmupsKeepTheirPromises('BullMQ', async () => {
    const server = await RedisServer.start();
    return {
      open: () => Promise.resolve(new QueueWarmups(at(server), { retryAfter: () => 0 })),
      end: () => server.remove(),
    };
  });

  it('are done by any peer, and cancelled by any', async () => {
    const server = await RedisServer.start();
    const [first, second] = [new QueueWarmups(at(server)), new QueueWarmups(at(server))];
    const loads = new Loads();
    loads.hold(...A_WARMUP.models);
    second.begin(loads);
    await first.add(A_WARMUP);
    await until(() => loads.waiting.length > 0);
    await first.cancel(A_WARMUP.id);
    loads.release(...A_WARMUP.models);
    await until(() => loads.ended.length === 1);
    expect((await first.get(A_WARMUP.id))?.state).toBe('cancelled');
    expect(loads.asked.length).toBeLessThan(A_WARMUP.models.length);
    await Promise.all([first.close(), second.close()]);
    await server.remove();
  });

  it('keep no mark of one that has ended, or whose job is gone', async () => {
    const server = await RedisServer.start();
    const warmups = new QueueWarmups(at(server));
    const loads = new Loads();
    warmups.begin(loads);
    await warmups.add(A_WARMUP);
    await until(() => loads.ended.length === 1);
    await warmups.cancel(A_WARMUP.id);
    expect((await warmups.get(A_WARMUP.id))?.state).toBe('done');
    await server.command('SET', `${at(server).keyPrefix}:warmup-cancelled:wu_${'2'.repeat(32)}`, '1');
    await warmups.add({ ...A_WARMUP, id: `wu_${'2'.repeat(32)}` });
    await until(() => loads.ended.length === 2);
    expect(loads.ended).toEqual(['done', 'done']);
    await warmups.close();
    await server.remove();
  });

  it('say where too few replicas have confirmed them', async () => {
    const server = await RedisServer.start();
    const warmups = new QueueWarmups(at(server, { confirm: 1 }));
    expect(await warmups.add(A_WARMUP)).toEqual({ durable: false });
    await until(async () => (await warmups.cancel(A_WARMUP.id)).durable === false);
    await warmups.close();
    await server.remove();
  });

  it('work with the rights that docs/replicas.md asks for, as lease and rows do', async () => {
    const server = await RedisServer.start();
    const [, rule = ''] = /`user berth on (.*)`/.exec(GUIDE) ?? [];
    await server.command('ACL', 'SETUSER', 'berth', 'on', ...rule.replace('>PASSWORD', '>secret').split(' '));
    const redis = at(server, { username: 'berth', password: 'secret' });
    const opened = await openRedis({ redis, fleet: 'berth', peer: 'a' });
    expect(await opened.leaseKeeper.read()).toMatchObject({ lease: null, lastTerm: 0, releasedTerm: 0 });
    const { rows } = await nextRows(opened);
    await rows.write([{ key: 'told/model/m', text: '1' }]);
    expect(await rows.get('told/model/m')).toBe('1');
    await rows.close();
    await opened.close();
    const warmups = new QueueWarmups(redis);
    const loads = new Loads();
    warmups.begin(loads);
    await warmups.add(A_WARMUP);
    await until(() => loads.ended.length === 1);
    await warmups.close();
    await server.remove();
  });

  it('are lost where Redis is emptied while they are under way, and told so', async () => {
    const server = await RedisServer.start();
    const errors: string[] = [];
    const warmups = new QueueWarmups(at(server), { onError: ({ message }) => errors.push(message) });
    const loads = new Loads();
    loads.hold(...A_WARMUP.models);
    warmups.begin(loads);
    await warmups.add(A_WARMUP);
    await until(() => loads.waiting.length > 0);
    await server.command('FLUSHALL');
    loads.release(...A_WARMUP.models);
    await until(() => loads.ended.length === 1);
    expect(loads.ended).toEqual(['lost']);
    expect(errors).toEqual([]);
    expect(await warmups.get(A_WARMUP.id)).toBeUndefined();
    expect(loads.asked.length).toBeLessThan(A_WARMUP.models.length);
    await warmups.close();
    await server.remove();
  });

  it('are refused while Redis is away, before it was ever there and after, and go on once it is back', async () => {
    const server = await RedisServer.start();
    await server.kill();
    const warmups = new QueueWarmups(at(server));
    const loads = new Loads();
    warmups.begin(loads);
    await expect(warmups.add(A_WARMUP)).rejects.toThrow('Redis at');
    await server.restart();
    await until(async () => (await warmups.add(A_WARMUP)).durable);
    await until(() => loads.ended.length === 1);
    server.stop();
    await expect(warmups.get(A_WARMUP.id)).rejects.toThrow('Redis at');
    server.resume();
    await until(async () => (await warmups.get(A_WARMUP.id))?.state === 'done');
    await server.kill();
    await warmups.close();
    await server.remove();
  });
});
