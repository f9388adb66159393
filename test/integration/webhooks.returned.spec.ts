import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const HOUR = 3_600_000;

describe('a server that leaves, and whose next process comes', () => {
  let world: World;
  let ahead = 0;

  const say = async (type: string, data: object = {}) =>
    (
      await call(world, 'POST', '/v1/webhooks/fleet', {
        type: `server.${type}`,
        data: { server: 'a', ...data },
      })
    ).body;
  const server = async () => (await call(world, 'GET', '/v1/servers/a')).body;
  const stands = (state: string): Promise<unknown> => until(async () => (await server()).state === state);
  /** That it was drained is stored: with the message, two changes. */
  const isKeptAsDrained = async (before: string): Promise<unknown> =>
    until(async () => Number((await server()).revision) >= Number(before) + 2);

  const die = async (): Promise<void> => {
    world.triton.sim.kill();
    await stands('lost');
  };
  const comeBack = async (): Promise<void> => {
    const { incarnation } = await server();
    world.triton.sim.start();
    await until(async () => (await server()).incarnation === incarnation + 1);
  };

  beforeAll(async () => {
    world = await startWorld({ parts: { wallNow: () => Date.now() + ahead } });
    await stands('ready');
  });

  afterEach(async () => {
    await say('joined');
    await call(world, 'DELETE', '/v1/models/resnet50/pin');
    await stands('ready');
  });

  afterAll(() => world.close());

  it('is in service again once it was drained, each time that the same is said of it', async () => {
    for (const _ of [1, 2]) {
      expect((await say('leaving', { deadlineMs: HOUR })).repeated).toBe(false);
      await stands('drained');
      await die();
      await comeBack();
      await stands('ready');
    }
  });

  it('is in service again where Berth was started anew in between', async () => {
    const { revision } = await server();
    await say('leaving');
    await isKeptAsDrained(revision);
    await die();
    await world.restart();
    await comeBack();
    await stands('ready');
  });

  it('leaves on where only Berth was started anew', async () => {
    const { revision } = await server();
    await say('leaving');
    await isKeptAsDrained(revision);
    await world.restart();
    await until(async () => (await server()).incarnation === 1);
    await stands('drained');
    expect(world.scheduler.engine.fleet.servers.get('a' as never)?.drain).not.toBe(null);
  });

  describe('and that could not be drained', () => {
    const beginLeaving = async (data: object): Promise<void> => {
      await call(world, 'PUT', '/v1/models/resnet50/pin', { copies: 1 });
      await until(async () => (await call(world, 'GET', '/v1/models/resnet50')).body.state === 'ready');
      await say('leaving', data);
      await stands('draining');
      await die();
    };

    it('leaves on', async () => {
      await beginLeaving({});
      await comeBack();
      await stands('drained');
      expect(world.scheduler.engine.fleet.servers.get('a' as never)?.drain).not.toBe(null);
    });

    it('is in service again where its deadline has passed', async () => {
      await beginLeaving({ deadlineMs: HOUR });
      ahead += HOUR;
      await comeBack();
      await stands('ready');
    });
  });
});
