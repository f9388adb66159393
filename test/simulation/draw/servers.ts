import type { ServerId, ServerSpec } from '#core';
import type { SimulatedDevice } from '#triton-simulator';
import type { PlannedServer } from '../plan.js';
import type { Random } from '../random.js';

const MIB = 2 ** 20;
/** What a bare server holds on each GPU, which a headroom has to cover. */
const BASELINE = 300 * MIB;

/** An autoscaler has some servers yet to bring; one is always there. */
export function drawServers(random: Random, late: Random, clocks: Random): PlannedServer[] {
  const hosts = random.pick([1, 1, 2, 2, 3, 4]);
  return Array.from({ length: hosts }, (_, at) => ({
    ...drawServer(random, `s${at}`),
    isDeclared: at === 0 || late.chance(0.85),
    clockRate: clocks.chance(0.5) ? 1 : 0.9 + 0.2 * clocks.next(),
    lateBy: late.chance(0.1) ? late.between(1, 60) * 1_000 : 0,
  }));
}

function drawServer(random: Random, id: string): Omit<PlannedServer, 'lateBy' | 'isDeclared' | 'clockRate'> {
  const devices = drawDevices(random, id);
  const limitsHost = devices.length > 0 && random.chance(0.3);
  const hostMemory = limitsHost ? random.between(16, 48) * 1024 * MIB : null;
  const declares = devices.length > 0 && random.chance(0.6);
  const spec: ServerSpec = {
    id: id as ServerId,
    host: id,
    labels: random.chance(0.5) ? { tier: random.pick(['a', 'b']) } : {},
    hostMemory,
    discover: random.chance(0.65),
    strangers: random.pick(['keep', 'adopt', 'retire']),
    metricsInterval: 2_000,
    devices: declares
      ? devices.map(({ ordinal, uuid, memoryBytes }) => ({
          ordinal,
          uuid,
          memory: memoryBytes,
          headroom: BASELINE + random.between(0, 500) * MIB,
        }))
      : null,
  };
  return {
    spec,
    hasMetrics: !declares || random.chance(0.8),
    setup: {
      devices,
      hostMemoryBytes: devices.length === 0 ? random.between(8, 48) * 1024 * MIB : (hostMemory ?? 2 ** 50),
      options: { baselineBytes: BASELINE, exitTimeoutMs: 10_000 },
    },
  };
}

function drawDevices(random: Random, id: string): SimulatedDevice[] {
  const count = random.pick([0, 1, 1, 1, 2, 2, 2, 4, 8]);
  const size = random.pick([4, 8, 12, 24, 80]) * 1024 * MIB;
  return Array.from({ length: count }, (_, ordinal) => ({
    ordinal,
    uuid: `GPU-${id}-${ordinal}`,
    memoryBytes: size,
  }));
}
