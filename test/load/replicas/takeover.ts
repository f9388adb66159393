import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../../support/redis.js';
import type { KnownTriton } from '../berth.js';
import { startChild } from '../children.js';
import type { Figure } from '../figure.js';
import { Caller } from '../rpc.js';
import { scratchPath } from '../scratch.js';
import { COLD, modelsOf } from './many-models.js';
import { type PeerBerth, type Stage, startStage } from './stage.js';

const SERVERS = 50;
const MODELS_EACH = 20;
const GOAL_MS = 3_000;
const GOAL_BLOCKED_MS = 150;
const POLL_MS = 5;
const WAIT_MS = 60_000;
const LOOP_GAPS = new URL('loop-gaps.js', import.meta.url).href;
const LEASE_KEY = 'berth:lease';

const NAMES = Array.from({ length: SERVERS }, (_, at) => modelsOf(at, MODELS_EACH)).flat();

/** How long a new leader of many models takes from its lease to its first decision, and how long it stands still for that. */
export async function takeover(): Promise<Figure[]> {
  const child = await startChild('test/load/replicas/many-tritons.js', {
    args: [String(SERVERS), String(MODELS_EACH)],
  });
  const gaps = [scratchPath(), scratchPath()];
  const stage = await startStage({
    ...{ peers: 2, tritons: JSON.parse(child.line) as KnownTriton[], profile: 'fast' },
    settings: {
      defaults: { gpuMemoryLimitMb: 100 },
      models: Object.fromEntries([...NAMES, COLD].map((name) => [name, { idleUnloadSeconds: 3_600 }])),
    },
    child: (nth) => ({ flags: ['--import', LOOP_GAPS], env: { LOOP_GAPS: gaps[nth]! } }),
  });
  try {
    return await play(stage, gaps);
  } finally {
    await stage.end();
    await child.end();
  }
}

async function play(stage: Stage, gaps: readonly string[]): Promise<Figure[]> {
  const leader = await stage.leader();
  const next = stage.peers.find((peer) => peer !== leader)!;
  const file = gaps[stage.peers.indexOf(next)]!;
  const asked = new Caller(next.grpc);
  for (const model of NAMES) await asked.resolve({ model });
  await gapOf(next, file);
  leader.kill('SIGKILL');
  const cold = asked.resolve({ model: COLD, waitMs: WAIT_MS }).then(() => performance.now());
  const takenAt = await leaseTaken(stage, next);
  const ms = (await cold) - takenAt;
  const blocked = await gapOf(next, file);
  asked.close();
  const details = { models: NAMES.length, servers: SERVERS };
  return [
    {
      ...{ name: 'takeover', value: ms, unit: 'ms', goal: `<= ${GOAL_MS}`, met: ms <= GOAL_MS },
      details: { ...details, from: 'lease taken', to: 'a cold call that waited is answered' },
    },
    {
      ...{ name: 'takeover_blocked', value: blocked, unit: 'ms', goal: `<= ${GOAL_BLOCKED_MS}` },
      ...{ met: blocked <= GOAL_BLOCKED_MS, details },
    },
  ];
}

async function leaseTaken({ redis }: Stage, { name }: PeerBerth): Promise<number> {
  if (!(redis instanceof RedisServer)) throw new Error('there is more than one Redis');
  for (const giveUpAt = Date.now() + WAIT_MS; Date.now() < giveUpAt; await sleep(POLL_MS)) {
    const lease = await redis.command('GET', LEASE_KEY);
    if (String(lease).startsWith(`${name}|`)) return performance.now();
  }
  throw new Error(`${name} has not taken the lease within ${WAIT_MS} ms`);
}

/** For how long the event loop of a peer stood still at most since this was asked last. */
async function gapOf({ pid }: PeerBerth, file: string): Promise<number> {
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await sleep(POLL_MS);
  }
}
