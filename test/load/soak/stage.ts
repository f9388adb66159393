import { ON_ONE_GPU } from '../../support/on-one-gpu.js';
import { type RunningBerth, startBerth } from '../berth.js';
import { COLLECTS } from '../collect.js';
import { scratchPath } from '../scratch.js';
import type { SilentServers } from '../silent-servers.js';
import { type SimulatedServer, startSimulated } from '../triton.js';

const MIB = 2 ** 20;
const TRITONS = 3;
const GPUS = 2;
const GPU_MB = 8_192;
const MODEL_MB = 1_024;
const LOAD_MS = 300;
const COLD = 40;

/** Pinned, so that a resolve of them never waits. */
export const WARM = ['warm-0', 'warm-1', 'warm-2', 'warm-3'] as const;
/** More than there is memory for: they come and go. */
export const CHURNED: readonly string[] = Array.from({ length: COLD }, (_, nth) => `cold-${nth}`);

/** What a soak plays on. */
export interface SoakStage {
  readonly berth: RunningBerth;
  /** Where Berth writes how much of its heap is in use after a collection. */
  readonly heapFile: string;
  end(): Promise<void>;
}

/** Simulated Tritons and servers that say nothing, and Berth in front of them. */
export async function startStage(silent: SilentServers): Promise<SoakStage> {
  const models = [...WARM, ...CHURNED].map((name) => {
    return { name, gpuBytes: MODEL_MB * MIB, loadMs: LOAD_MS, unloadMs: LOAD_MS / 2, config: ON_ONE_GPU };
  });
  const tritons = await Promise.all(
    Array.from({ length: TRITONS }, (_, nth) =>
      startSimulated(models, { id: `t${nth}`, gpus: GPUS, 'gpu-memory-mb': GPU_MB }),
    ),
  );
  const known = tritons.map(({ grpc, http, metrics }, nth) => {
    return { id: `t${nth}`, host: `t${nth}`, grpc, http, metrics };
  });
  const heapFile = scratchPath();
  const berth = await startBerth(
    [],
    {
      servers: [...known, ...silent.declared],
      defaults: { gpuMemoryLimitMb: MODEL_MB, cpuMemoryLimitMb: 16, minResidencySeconds: 1 },
      models: Object.fromEntries(WARM.map((name) => [name, { pin: { copies: 1 } }])),
    },
    { flags: [...COLLECTS, '--max-semi-space-size=32'], env: { HEAP_FILE: heapFile } },
  );
  return { berth, heapFile, end: () => endAll(berth, tritons) };
}

async function endAll(berth: RunningBerth, tritons: readonly SimulatedServer[]): Promise<void> {
  await berth.end();
  for (const triton of tritons) await triton.end();
}
