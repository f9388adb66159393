import type { Limits, ModelSettings } from '#core';
import type { Random } from '../random.js';

const MIB = 2 ** 20;

export function drawLimits(random: Random): Limits {
  return {
    globalQueue: random.chance(0.8) ? 5000 : random.between(1, 20),
    loadsPerServer: random.between(1, 3),
    loadsPerDevice: random.between(1, 2),
    starvation: random.between(5, 30) * 1_000,
    stuckAfter: random.between(20, 120) * 1_000,
  };
}

export function drawDefaults(random: Random): ModelSettings {
  return {
    enabled: true,
    gpuBytes: 2048 * MIB,
    hostBytes: 4096 * MIB,
    sizesDeclared: false,
    idleUnload: random.between(3, 40) * 1_000,
    idleMode: 'strict',
    loadTimeout: 30_000,
    minResidency: random.pick([0, 2_000, 10_000]),
    class: 'default',
    coldStart: { policy: 'queue', maxQueue: 50, maxWait: 30_000, loadWhenShed: true },
  };
}
