import { setTimeout as sleep } from 'node:timers/promises';
import { startBerth } from '../berth.js';
import { compareCpu } from '../compare.js';
import type { Figure } from '../figure.js';
import { grpcLoad } from '../load.js';
import { Caller, ROUTER } from '../rpc.js';
import { startSimulatedTriton } from '../triton.js';
import { startStage } from './stage.js';

const MODEL = 'warm';
const GOAL = 1.1;

/** What a warm route costs a follower in CPU time, beside a Berth that is alone. */
export async function warmFollower(): Promise<Figure> {
  const triton = await startSimulatedTriton([MODEL]);
  const single = await startBerth([triton]);
  const stage = await startStage({ peers: 2, tritons: [triton], profile: 'default' });
  try {
    const leader = await stage.leader();
    const follower = stage.peers.find((peer) => peer !== leader)!;
    for (const { grpc } of [single, leader, follower]) await isWarm(grpc);
    const { path, requestSerialize } = ROUTER['Resolve']!;
    const message = requestSerialize({ model: MODEL });
    const { ratio, details } = await compareCpu(
      { pid: follower.pid, load: grpcLoad(follower.grpc, path, message) },
      { pid: single.pid, load: grpcLoad(single.grpc, path, message) },
    );
    const { berthCpuUs: followerCpuUs, bareCpuUs: singleCpuUs, ...rest } = details;
    return {
      ...{ name: 'warm_resolve_follower', value: 1 / ratio, unit: 'of the CPU time of a single Berth' },
      ...{ goal: `<= ${GOAL}`, met: 1 / ratio <= GOAL },
      details: { followerCpuUs, singleCpuUs, ...rest },
    };
  } finally {
    await stage.end();
    await single.end();
    await triton.end();
  }
}

/** Asks until the model is answered for at once, so that a follower has been told of it. */
async function isWarm(grpc: string): Promise<void> {
  const caller = new Caller(grpc);
  try {
    await caller.resolve({ model: MODEL });
    await sleep(2_000);
    const route = await caller.resolve({ model: MODEL });
    if (route.cold) throw new Error('the model is not warm');
  } finally {
    caller.close();
  }
}
