import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../../support/redis.js';
import type { Figure } from '../figure.js';
import { startSimulatedTriton } from '../triton.js';
import { Caller } from '../rpc.js';
import { type PeerBerth, type Stage, startStage } from './stage.js';
import { noticed, WarmCalls, warmFigure } from './warm-calls.js';

const WARM = 'warm';
const BEFORE_MS = 5_000;
/** Each failure lasts for so long. */
const LASTS_MS = 12_000;

/** A failure, from its beginning to its end. A gateway that finds a peer gone asks the others. */
type Failure = (stage: Stage, warm: WarmCalls) => Promise<void>;

const OF_PEERS: Readonly<Record<string, Failure>> = {
  follower_killed: async (stage, warm) => {
    const peer = await aFollower(stage);
    warm.leave(peer);
    peer.kill('SIGKILL');
    await sleep(LASTS_MS);
  },
  follower_stopped: async (stage, warm) => stopped(await aFollower(stage), warm),
  leader_stopped: async (stage, warm) => stopped(await stage.leader(), warm),
  redis_stopped: async ({ redis }) => {
    const master = await masterOf(redis);
    master.stop();
    await sleep(LASTS_MS);
    master.resume();
  },
  redis_killed: async ({ redis }) => diesAndComesBack(await masterOf(redis)),
};

const OF_SENTINELS: Readonly<Record<string, Failure>> = {
  master_killed: async ({ redis }) => diesAndComesBack(await masterOf(redis)),
};

const masterOf = async (redis: Stage['redis']): Promise<RedisServer> =>
  redis instanceof RedisServer ? redis : (await redis.master()).server;

async function diesAndComesBack(server: RedisServer): Promise<void> {
  await server.kill();
  await sleep(LASTS_MS);
  await server.restart();
}

/** What warm calls notice of single failures, but for those that end the leader. */
export async function singleFailures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, failure] of Object.entries(OF_PEERS)) figures.push(await play(name, failure, false));
  for (const [name, failure] of Object.entries(OF_SENTINELS)) figures.push(await play(name, failure, true));
  return figures;
}

async function play(name: string, failure: Failure, isConfirmed: boolean): Promise<Figure> {
  const triton = await startSimulatedTriton([WARM]);
  const stage = await startStage({ peers: 3, tritons: [triton], profile: 'default', isConfirmed });
  const asked = new Caller((await stage.leader()).grpc);
  try {
    await asked.resolve({ model: WARM });
    await sleep(2_000);
    const warm = new WarmCalls(stage.peers, WARM);
    await sleep(BEFORE_MS);
    const before = warm.take();
    await failure(stage, warm);
    await sleep(1_000);
    const after = warm.take();
    warm.end();
    return warmFigure(`warm_failures_${name}`, noticed(before, after));
  } finally {
    asked.close();
    await stage.end();
    await triton.end();
  }
}

async function aFollower(stage: Stage): Promise<PeerBerth> {
  const leader = await stage.leader();
  return stage.peers.find((peer) => peer !== leader)!;
}

async function stopped(peer: PeerBerth, warm: WarmCalls): Promise<void> {
  warm.leave(peer);
  process.kill(peer.pid, 'SIGSTOP');
  await sleep(LASTS_MS);
  process.kill(peer.pid, 'SIGCONT');
}
