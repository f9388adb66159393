import type { Millis, ModelSettings } from './model.js';

/** Bounds over the whole fleet. */
export interface Limits {
  readonly globalQueue: number;
  readonly loadsPerServer: number;
  readonly loadsPerDevice: number;
  /** How many loads a minute may evict others, on one device. */
  readonly loadsPerDevicePerMinute: number;
  /** How long a model is asked for without being served before it ignores worth. */
  readonly starvation: Millis;
  readonly stuckAfter: Millis;
}

const MIB = 2 ** 20;

/** The settings of every model until the operator's are told. */
export const DEFAULTS: ModelSettings = {
  enabled: true,
  gpuBytes: 2048 * MIB,
  hostBytes: 4096 * MIB,
  gpuDeclared: false,
  hostDeclared: false,
  idleUnload: 300_000,
  idleMode: 'strict',
  loadTimeout: 300_000,
  minResidency: 30_000,
  class: 'default',
  coldStart: { policy: 'queue', maxQueue: 100, maxWait: 60_000, loadWhenShed: true },
  onLimitExceeded: 'warn',
  onFailing: 'flag',
};

/** The bounds until the operator's are told. */
export const LIMITS: Limits = {
  globalQueue: 5000,
  loadsPerServer: 2,
  loadsPerDevice: 1,
  loadsPerDevicePerMinute: 20,
  starvation: 30_000,
  stuckAfter: 350_000,
};
