import { ON_ONE_GPU } from '../../support/on-one-gpu.js';
import { type RunningBerth, startBerth } from '../berth.js';
import { type Child, type ChildOptions, startChild } from '../children.js';
import { type SimulatedServer, startSimulated } from '../triton.js';
import { BASELINE_MB, UNLOAD_MS, type Workload } from './workload.js';

const MIB = 2 ** 20;

/** The simulated Tritons of a workload. A model takes what is declared of it unless `takes` says otherwise. */
export async function startServers(
  workload: Workload,
  takes?: (model: string) => number,
): Promise<readonly SimulatedServer[]> {
  const { servers, gpus, gpuMb, models, loadSpread, unloadMs = UNLOAD_MS } = workload;
  const onDisk = models.map(({ name, mb, loadMs }) => ({
    ...{ name, gpuBytes: takes?.(name) ?? mb * MIB, loadMs, loadSpread, unloadMs },
    config: ON_ONE_GPU,
  }));
  const flags = { gpus, 'gpu-memory-mb': gpuMb, 'baseline-mb': BASELINE_MB };
  return Promise.all(
    Array.from({ length: servers }, (_, at) => startSimulated(onDisk, { ...flags, id: `t${at}` })),
  );
}

/** Berth in front of them, with these limits and credentials beside what the workload says. */
export function startBerthFor(
  workload: Workload,
  servers: readonly SimulatedServer[],
  options: ChildOptions = {},
  {
    limits = {},
    ...more
  }: { readonly limits?: object; readonly auth?: object; readonly servers?: object } = {},
): Promise<RunningBerth> {
  const { models, queue, loadsPerServer, loadsPerDevice, swapsPerMinute } = workload;
  const settings = {
    limits: {
      ...{ globalQueue: queue, loadsPerServer, loadsPerDevice, loadsPerDevicePerMinute: swapsPerMinute },
      ...limits,
    },
    defaults: {
      minResidencySeconds: workload.residencyMs / 1_000,
      coldStart: { maxQueue: workload.queuePerModel },
    },
    models: Object.fromEntries(
      models.map(({ name, mb }) => [name, { gpuMemoryLimitMb: mb, cpuMemoryLimitMb: 1, config: ON_ONE_GPU }]),
    ),
    ...more,
  };
  return startBerth(servers, settings, options);
}

/** The plain FIFO queue in front of them; its line is its address. */
export const startFifoFor = (workload: Workload, servers: readonly SimulatedServer[]): Promise<Child> =>
  startChild('test/load/storm/fifo-server.js', {
    args: [JSON.stringify(servers.map(({ grpc }) => grpc)), JSON.stringify(workload)],
  });

/** Loads begun so far on all of them. */
export async function loadsOn(servers: readonly SimulatedServer[]): Promise<number> {
  const made = await Promise.all(servers.map((server) => server.copiesMade()));
  return made.reduce((sum, one) => sum + one, 0);
}
