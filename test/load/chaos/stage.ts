import { join } from 'node:path';
import { SentinelGroup } from '../../support/redis.js';
import { scratchPath } from '../scratch.js';
import { type SimulatedServer, startSimulated } from '../triton.js';
import { ChaosBerth } from './chaos-berth.js';
import type { ChaosOptions } from './options.js';
import { RedisView } from './view.js';

const GIB = 2 ** 30;
const PEERS = ['a', 'b', 'c'];
/** They are pinned: each of them is warm always. */
export const WARM = ['warm-0', 'warm-1'];
/** Far more than fit. */
export const COLD = Array.from({ length: 14 }, (_, nth) => `cold-${nth}`);

/** Three Berths on one Redis with Sentinels, in front of two simulated Tritons. */
export interface ChaosStage {
  readonly folder: string;
  readonly group: SentinelGroup;
  readonly tritons: readonly SimulatedServer[];
  readonly berths: readonly ChaosBerth[];
  end(): Promise<void>;
}

export async function startStage({ profile }: ChaosOptions): Promise<ChaosStage> {
  const folder = scratchPath();
  const downAfterMs = profile === 'fast' ? 1_000 : 5_000;
  const settings = ['min-replicas-to-write 1', 'min-replicas-max-lag 2'];
  const group = await SentinelGroup.start({ downAfterMs, settings });
  const tritons = [await startTriton(), await startTriton()];
  const berths: ChaosBerth[] = [];
  for (const name of PEERS) {
    const berth = await ChaosBerth.make(name, join(folder, name), await RedisView.of(group));
    await berth.configure(sharedConfig(tritons), { name: group.name, profile });
    berths.push(berth);
  }
  await Promise.all(berths.map((berth) => berth.start()));
  const end = async (): Promise<void> => {
    await Promise.all(berths.map((berth) => berth.close()));
    await Promise.all(tritons.map((triton) => triton.end()));
    await group.remove();
  };
  return { folder, group, tritons, berths, end };
}

const startTriton = (): Promise<SimulatedServer> =>
  startSimulated(
    [...WARM, ...COLD].map((name) => ({ name, gpuBytes: 4 * GIB, loadMs: 300, unloadMs: 100 })),
    { gpus: 1, 'gpu-memory-mb': 24_576 },
  );

function sharedConfig(tritons: readonly SimulatedServer[]): object {
  return {
    servers: tritons.map(({ grpc, http, metrics }, at) => ({ id: `t${at}`, grpc, http, metrics })),
    defaults: { gpuMemoryLimitMb: 4_200, minResidencySeconds: 1 },
    limits: { shedAtLagMs: null },
    models: Object.fromEntries(WARM.map((name) => [name, { pin: { copies: 1 } }])),
  };
}
