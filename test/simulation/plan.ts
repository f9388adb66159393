import type { ModelSettings } from '#core';
import { planModels } from './plan-models.js';
import { planServers } from './plan-servers.js';
import type { Plan } from './planned.js';
import { Random } from './random.js';

export function makePlan(seed: number): Plan {
  const random = new Random(seed, 'fleet');
  const servers = planServers(random, new Random(seed, 'late servers'));
  const defaults = planDefaults(random);
  return {
    servers,
    defaults,
    models: planModels(random, servers, defaults),
    limits: {
      globalQueue: random.chance(0.8) ? 5000 : random.between(1, 20),
      loadsPerServer: random.between(1, 3),
      loadsPerDevice: random.between(1, 2),
      starvation: random.between(5, 30) * 1_000,
      stuckAfter: random.between(20, 120) * 1_000,
    },
    requestEvery: random.pick([300, 1_000, 3_000]),
    operatorEvery: random.chance(0.6) ? random.pick([5_000, 15_000, 40_000]) : Infinity,
    strangerEvery: random.chance(0.3) ? random.pick([10_000, 30_000]) : Infinity,
  };
}

const MIB = 2 ** 20;

function planDefaults(random: Random): ModelSettings {
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
