import type { ModelSpec, ServerConfig } from '#config';
import { startTritonSim } from '../../../triton-sim/src/sim-server.js';
import { DEMO } from './demo-store.js';
import type { Demo } from '../cluster/leadership/term-config.js';

const GPUS = 2;
const GPU_MEMORY_MB = 24_576;
const MIB = 2 ** 20;

/** Starts a simulated Triton, so that there is something to look at where no server is configured. */
export async function startDemo(): Promise<Demo> {
  const triton = await startTritonSim({
    id: DEMO,
    gpus: GPUS,
    gpuMemoryMb: GPU_MEMORY_MB,
  });
  const { addresses, sim } = triton;
  const names = sim.repository.names();
  const models = names.map((name): [string, ModelSpec] => {
    const model = sim.repository.model(name);
    return [name, model?.steps?.length ? {} : declared(model ?? {})];
  });
  return {
    servers: [demoServer(addresses)],
    models: Object.fromEntries(models),
    words: `${GPUS} GPUs of ${GPU_MEMORY_MB} MB, ${names.length} sample models`,
    close: () => triton.close(),
  };
}

interface Sample {
  readonly gpuBytes?: number;
  readonly hostBytes?: number;
  readonly config?: NonNullable<ModelSpec['config']>;
}

/** What a sample model is known to take, and the config that lets Berth choose the GPU it goes to. */
const declared = ({ gpuBytes = 0, hostBytes = 0, config }: Sample): ModelSpec => ({
  gpuMemoryLimitMb: Math.max(1, Math.ceil(gpuBytes / MIB)),
  cpuMemoryLimitMb: Math.max(1, Math.ceil(hostBytes / MIB)),
  ...(config && { config }),
});

function demoServer({ grpc, http, metrics }: Record<'grpc' | 'http' | 'metrics', string>): ServerConfig {
  return {
    id: DEMO,
    origin: 'flag',
    host: '127.0.0.1',
    grpc,
    http,
    metrics,
    headers: {},
    headersFile: null,
    tls: null,
    labels: { simulated: 'yes' },
    hostMemoryMb: null,
    discover: true,
    strangers: 'keep',
    metricsIntervalMs: 2_000,
    devices: Array.from({ length: GPUS }, (_, ordinal) => ({
      ordinal,
      uuid: `GPU-${DEMO}-${ordinal}`,
      memoryMb: GPU_MEMORY_MB,
      headroomMb: 1024,
    })),
  };
}
