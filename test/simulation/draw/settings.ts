import { emptyFleet, type Limits, type ModelSettings } from '#core';
import type { Random } from '../random.js';

/** How extreme the settings of one seed are; each model's lie about these. */
export interface Temper {
  /** The middle of the idle times, from a second to an hour. */
  readonly idle: number;
  readonly queue: number;
  readonly wait: number;
  /** The most a fresh replica may be safe; 0: none is. */
  readonly residency: number;
  /** The longest lease gateways ask for. */
  readonly lease: number;
  /** How long a load may take, at most. */
  readonly load: number;
}

export function drawTemper(random: Random): Temper {
  return {
    idle: random.chance(0.8) ? random.spread(1_000, 120_000) : random.spread(120_000, 3_600_000),
    queue: random.spread(1, 5_000),
    wait: random.spread(500, 120_000),
    residency: random.chance(0.4) ? 0 : random.spread(1_000, 120_000),
    lease: random.spread(500, 600_000),
    load: random.pick([500, 2_000, 6_000, 20_000]),
  };
}

export function drawLimits(random: Random): Limits {
  return {
    globalQueue: random.chance(0.6) ? 5_000 : random.spread(1, 5_000),
    loadsPerServer: random.spread(1, 8),
    loadsPerDevice: random.spread(1, 4),
    starvation: random.spread(1_000, 120_000),
    stuckAfter: random.spread(10_000, 350_000),
    loadsPerDevicePerMinute: random.chance(0.6) ? 20 : random.spread(1, 20),
  };
}

export function drawDefaults(random: Random, temper: Temper): ModelSettings {
  return {
    ...emptyFleet().defaults,
    idleUnload: near(random, temper.idle, 1_000, 3_600_000),
    loadTimeout: 30_000,
    minResidency: random.chance(0.5) ? 0 : temper.residency,
    coldStart: {
      policy: 'queue',
      maxQueue: temper.queue,
      maxWait: near(random, temper.wait, 100, 600_000),
      loadWhenShed: true,
    },
  };
}

/** From a third to three times of the middle, within what is allowed. */
export function near(random: Random, middle: number, least: number, most: number): number {
  const low = Math.max(least, Math.floor(middle / 3));
  return random.spread(low, Math.max(low, Math.min(most, middle * 3)));
}
