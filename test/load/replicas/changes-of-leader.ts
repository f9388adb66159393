import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, quantile } from '../figure.js';
import { Caller, reasonOf } from '../rpc.js';
import { startSimulated } from '../triton.js';
import { type PeerBerth, startStage, type Stage } from './stage.js';

const EVERY_MS = 20;
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

/** Warm calls at every peer, all the time. */
class WarmCalls {
  readonly took: number[] = [];
  readonly failures: string[] = [];
  private readonly callers: Caller[];
  private readonly gone = new Set<Caller>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly peers: readonly PeerBerth[]) {
    this.callers = peers.map(({ grpc }) => new Caller(grpc));
    this.timer = setInterval(() => this.ask(), EVERY_MS);
  }

  /** A gateway asks another peer where one is gone. */
  leave(peer: PeerBerth): void {
    this.gone.add(this.callers[this.peers.indexOf(peer)]!);
  }

  take(): { readonly p99: number; readonly failures: readonly string[]; readonly calls: number } {
    const took = this.took.splice(0);
    return { p99: quantile(took, 0.99), failures: this.failures.splice(0), calls: took.length };
  }

  end(): void {
    clearInterval(this.timer);
    for (const caller of this.callers) caller.close();
  }

  private ask(): void {
    for (const caller of this.callers) {
      if (this.gone.has(caller)) continue;
      const began = performance.now();
      caller.resolve({ model: WARM, waitMs: 0 }).then(
        () => this.took.push(performance.now() - began),
        (error: unknown) => this.gone.has(caller) || this.failures.push(reasonOf(error)),
      );
    }
  }
}

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

interface Played {
  readonly coldMs: number;
  readonly failures: number;
  readonly ratio: number;
  readonly details: Readonly<Record<string, unknown>>;
}

async function play(
  profile: 'default' | 'fast',
  model: string,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<Played> {
  const triton = await startSimulated(MODELS, { gpus: 1 });
  const stage = await startStage(3, [triton], profile, SETTINGS);
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
  const warm = new WarmCalls(stage.peers);
  await sleep(BEFORE_MS);
  const before = warm.take();
  warm.leave(leader);
  process.kill(leader.pid, signal);
  const began = performance.now();
  await asked.resolve({ model, waitMs: WAIT_MS });
  const coldMs = performance.now() - began;
  await sleep(1_000);
  const after = warm.take();
  warm.end();
  asked.close();
  const details = {
    ...{ p99BeforeMs: before.p99, p99AfterMs: after.p99, calls: after.calls },
    failures: after.failures.slice(0, 5),
  };
  return { coldMs, failures: after.failures.length, ratio: after.p99 / before.p99, details };
}

const figure = (name: string, value: number, goal: number, details: Played['details']): Figure => ({
  ...{ name, value, unit: 'ms', goal: `<= ${goal}`, met: value <= goal, details },
});

const warmFigure = (name: string, { failures, ratio, details }: Played): Figure => ({
  ...{ name, value: failures, unit: 'calls', goal: '0, and a p99 of at most twice that of before' },
  ...{ met: failures === 0 && ratio <= 2, details: { p99Ratio: ratio, ...details } },
});
