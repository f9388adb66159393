import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../figure.js';
import { Caller } from '../rpc.js';
import { startSimulated } from '../triton.js';
import { startStage, type Stage } from './stage.js';
import { type Noticed, noticed, WarmCalls, warmFigure } from './warm-calls.js';

const WAIT_MS = 120_000;
const BEFORE_MS = 5_000;
const GIB = 2 ** 30;
const WARM = 'warm';
/** The GPU has room for it beside the warm one, and for one of the next two. */
const COLD = 'cold';
const LARGE = 'large';
const LATER = 'later';

const MODELS = [
  { name: WARM, gpuBytes: GIB, loadMs: 500, unloadMs: 200 },
  { name: COLD, gpuBytes: GIB, loadMs: 500, unloadMs: 200 },
  { name: LARGE, gpuBytes: 12 * GIB, loadMs: 500, unloadMs: 200 },
  { name: LATER, gpuBytes: 12 * GIB, loadMs: 500, unloadMs: 200 },
];
const SETTINGS = {
  models: Object.fromEntries(
    MODELS.map(({ name, gpuBytes }) => [
      name,
      {
        gpuMemoryLimitMb: gpuBytes / 2 ** 20,
        minResidencySeconds: 0,
        ...(name === LARGE && { idleUnloadSeconds: 1, idleUnload: 'soft' }),
      },
    ]),
  ),
};

/** How soon a cold call is answered once the leader is gone, and what warm calls notice of it. */
export async function changesOfLeader(profile: 'default' | 'fast'): Promise<Figure[]> {
  const goals = profile === 'fast' ? { cold: 9_000 } : { cold: 20_000 };
  const killed = await play(profile, COLD, 'SIGKILL');
  const figures = [
    figure(`cold_after_kill_${profile}`, killed.coldMs, goals.cold, killed.details),
    warmFigure(`warm_failures_after_kill_${profile}`, killed),
  ];
  if (profile === 'fast') return figures;
  const leaving = await play(profile, LATER, 'SIGKILL');
  const graceful = await play(profile, COLD, 'SIGTERM');
  return [
    ...figures,
    figure('cold_after_kill_where_another_leaves', leaving.coldMs, 45_000, leaving.details),
    figure('cold_after_graceful_end', graceful.coldMs, 2_000, graceful.details),
    warmFigure('warm_failures_after_graceful_end', graceful),
  ];
}

interface Played extends Noticed {
  readonly coldMs: number;
}

async function play(
  profile: 'default' | 'fast',
  model: string,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<Played> {
  const triton = await startSimulated(MODELS, { gpus: 1 });
  const stage = await startStage({ peers: 3, tritons: [triton], profile, settings: SETTINGS });
  try {
    return await playOn(stage, model, signal);
  } finally {
    await stage.end();
    await triton.end();
  }
}

async function playOn(stage: Stage, model: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<Played> {
  const leader = await stage.leader();
  const rest = stage.peers.filter((peer) => peer !== leader);
  const asked = new Caller(rest[0]!.grpc);
  await asked.resolve({ model: WARM });
  if (model === LATER) await asked.resolve({ model: LARGE, leaseMs: 1_000 });
  await sleep(2_000);
  const warm = new WarmCalls(stage.peers, WARM);
  await sleep(BEFORE_MS);
  const before = warm.take();
  warm.leave(leader);
  leader.kill(signal);
  const began = performance.now();
  await asked.resolve({ model, waitMs: WAIT_MS });
  const coldMs = performance.now() - began;
  await sleep(1_000);
  const after = warm.take();
  warm.end();
  asked.close();
  return { coldMs, ...noticed(before, after) };
}

const figure = (name: string, value: number, goal: number, details: Figure['details']): Figure => ({
  ...{ name, value, unit: 'ms', goal: `<= ${goal}`, met: value <= goal, details },
});
