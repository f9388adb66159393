import { aServer } from '../support/builders.js';
import type { PlannedServer } from './plan.js';

const MIB = 2 ** 20;

/** GPUs of one size, and what is left free of each. */
export interface PlainGpus {
  readonly gpus: number;
  readonly bytes: number;
  readonly headroom: number;
}

/** A server with such GPUs, in time and with metrics, on a host that limits nothing. */
export function plainServer(id: string, { gpus, bytes, headroom }: PlainGpus): PlannedServer {
  const devices = Array.from({ length: gpus }, (_, ordinal) => ({
    ordinal,
    uuid: `GPU-${id}-${ordinal}`,
    memoryBytes: bytes,
  }));
  return {
    spec: aServer(id, [], {
      devices: devices.map(({ ordinal, uuid }) => ({ ordinal, uuid, memory: bytes, headroom })),
    }),
    setup: {
      devices,
      hostMemoryBytes: 2 ** 50,
      options: { baselineBytes: 500 * MIB, exitTimeoutMs: 10_000 },
    },
    isDeclared: true,
    hasMetrics: true,
    clockRate: 1,
    lateBy: 0,
  };
}
