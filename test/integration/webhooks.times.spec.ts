import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from '../support/running-scheduler.js';

const BEGAN = Date.now();

describe('messages about servers that come in another order than they were sent', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ yaml: 'webhooks: { fleet: { allow: [127.0.0.0/8] } }' });
    await call(world, 'PUT', '/v1/servers/b', { grpc: '127.0.0.1:9' });
  });

  afterAll(() => world.close());

  /** Says something `at` seconds after the start; null: without a timestamp. */
  const say = async (type: string, at: number | null, data: object = { server: 'a' }, more = {}) => {
    const timestamp = at === null ? {} : { timestamp: new Date(BEGAN + at * 1_000).toISOString() };
    const message = { type: `server.${type}`, ...timestamp, data, ...more };
    const { status, body } = await call(world, 'POST', '/v1/webhooks/fleet', message);
    return status === 202 ? [body.servers, body.outdated] : body.reason;
  };
  const drains = (id = 'a'): boolean => world.scheduler.engine.fleet.servers.get(id as never)?.drain != null;

  it('hold by the later timestamp, also after a restart', async () => {
    expect(await say('leaving', 60)).toEqual([['a'], false]);
    await world.restart();
    expect(await say('joined', 0)).toEqual([[], true]);
    expect(drains()).toBe(true);
    expect(await say('joined', 100)).toEqual([['a'], false]);
    expect(await say('leaving', 90, { server: 'a', deadlineMs: 60_000 })).toEqual([[], true]);
    expect(await say('leaving', -90, { server: 'a', deadlineMs: 60_000 })).toEqual([[], true]);
    expect(drains()).toBe(false);
    const { text } = await fetch(`${world.scheduler.http}/metrics`).then(async (one) => ({
      text: await one.text(),
    }));
    expect(text).toContain('berth_webhook_messages_total{webhook="fleet",result="outdated"} 3');
  });

  it('hold by the arrival where timestamps are equal or lack', async () => {
    expect(await say('leaving', 100)).toEqual([['a'], false]);
    expect(await say('joined', 100)).toEqual([['a'], false]);
    expect(drains()).toBe(false);
    expect(await say('leaving', null)).toEqual([['a'], false]);
    expect(await say('joined', 10)).toEqual([['a'], false]);
    expect(drains()).toBe(false);
  });

  it('are compared for each server', async () => {
    await say('joined', 200, { server: 'b' });
    expect(await say('leaving', 150, { host: '127.0.0.1' })).toEqual([['a'], false]);
    expect([drains('a'), drains('b')]).toEqual([true, false]);
    await say('joined', 200);
  });

  it('that were outdated change nothing when they come again', async () => {
    const once = (): Promise<unknown> => say('leaving', 1, { server: 'a' }, { id: 'late' });
    expect([await once(), await once()]).toEqual([
      [[], true],
      [[], false],
    ]);
    expect(drains()).toBe(false);
  });

  it('forget their times with the server', async () => {
    const joins = { server: 'c', grpc: '127.0.0.1:10' };
    await say('joined', 200, joins);
    expect(await say('left', 100, { server: 'c' })).toEqual([[], true]);
    expect(await say('left', 200, { server: 'c' })).toEqual([['c'], false]);
    expect(await say('joined', 100, joins)).toEqual([['c'], false]);
  });
});
