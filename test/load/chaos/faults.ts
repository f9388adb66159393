import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy } from '../../support/fault-proxy.js';
import type { Member } from '../../support/redis.js';
import type { Chance } from './chance.js';
import type { ChaosBerth } from './chaos-berth.js';
import type { ChaosStage } from './stage.js';

/** What a fault is played with. */
interface Scene {
  readonly stage: ChaosStage;
  readonly chance: Chance;
  readonly leader: ChaosBerth;
  readonly follower: ChaosBerth;
  readonly master: Member;
}

/** A fault, from its beginning to when all is as it was. Hands back what was done, in words. */
type Fault = (scene: Scene) => Promise<string>;

const SECOND = 1_000;

/** By name. Each is a single failure, but for the last ones. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'leader killed': ({ leader, chance }) => dies(leader, chance, 'SIGKILL'),
  'leader ends': ({ leader, chance }) => dies(leader, chance, 'SIGTERM'),
  'follower killed': ({ follower, chance }) => dies(follower, chance, 'SIGKILL'),
  'leader stopped': ({ leader, chance }) => stops(leader, chance),
  'follower stopped': ({ follower, chance }) => stops(follower, chance),
  'leader cut from Redis': ({ leader, chance }) => cut(leader.view.all, chance),
  'follower cut from Redis': ({ follower, chance }) => cut(follower.view.all, chance),
  'peers cut from the leader': ({ leader, chance }) => cut(leader.links, chance),
  'master killed': async ({ master, chance }) => {
    await master.server.kill();
    const took = await waits(chance, 3, 8);
    await master.server.restart();
    return took;
  },
  'master hung': async ({ master, chance }) => {
    master.server.stop();
    const took = await waits(chance, 1, 15);
    master.server.resume();
    return took;
  },
  'failover by hand': async ({ stage }) => {
    await stage.group.failOver().catch(() => undefined);
    return 'asked of a Sentinel';
  },
  'replica killed': async ({ stage, master, chance }) => {
    const replica = chance.pick(stage.group.members.filter((member) => member !== master));
    await replica.server.kill();
    const took = await waits(chance, 1, 8);
    await replica.server.restart();
    return took;
  },
  'Sentinel killed': async ({ stage, chance }) => {
    const sentinel = chance.pick(stage.group.sentinels);
    await sentinel.kill();
    const took = await waits(chance, 1, 5);
    await sentinel.restart();
    return took;
  },
  'leader alone with the old master': async ({ stage, leader, master, chance }) => {
    const others = leader.view.members.filter((_, at) => stage.group.members[at] !== master);
    return cut([master.link, ...others, ...leader.view.sentinels], chance);
  },
  'all of Redis stopped': async ({ stage, chance }) => {
    for (const { server } of stage.group.members) server.stop();
    const took = await waits(chance, 2, 15);
    for (const { server } of stage.group.members) server.resume();
    return took;
  },
  'wall clock jumps': async ({ stage, chance }) => {
    const berth = chance.pick(stage.berths);
    const ms = Math.round(chance.between(-3_600, 3_600)) * SECOND;
    await berth.jump(ms);
    const took = await waits(chance, 1, 5);
    await berth.jump(0);
    return `${berth.name} by ${ms} ms, ${took}`;
  },
  'leader and master killed': async ({ leader, master, chance }) => {
    const [, took] = await Promise.all([master.server.kill(), dies(leader, chance, 'SIGKILL')]);
    await master.server.restart();
    return took;
  },
};

async function dies(berth: ChaosBerth, chance: Chance, signal: 'SIGKILL' | 'SIGTERM'): Promise<string> {
  await berth.kill(signal);
  const took = await waits(chance, 0.5, 10);
  await berth.start();
  return `${berth.name}, ${took}`;
}

async function stops(berth: ChaosBerth, chance: Chance): Promise<string> {
  berth.stop();
  const took = await waits(chance, 1, 15);
  berth.resume();
  return `${berth.name}, ${took}`;
}

async function cut(links: readonly FaultProxy[], chance: Chance): Promise<string> {
  const isSilent = chance.next() < 0.5;
  for (const link of links)
    if (isSilent) link.silence();
    else link.cut();
  const took = await waits(chance, 1, 15);
  for (const link of links) link.mend();
  return `${isSilent ? 'silent' : 'closed'}, ${took}`;
}

async function waits(chance: Chance, least: number, most: number): Promise<string> {
  const ms = Math.round(chance.between(least, most) * SECOND);
  await sleep(ms);
  return `${ms} ms`;
}
