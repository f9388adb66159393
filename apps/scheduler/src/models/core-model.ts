import type { EffectiveModel, ModelSettings as Settings } from '#config';
import type { Bytes, Millis, Model, ModelId, ModelSettings } from '#core';
import { canonical } from '../canonical.js';
import type { WallTimes } from '../wall-times.js';
import type { Entry } from './layers.js';

export const bytes = (mib: number): Bytes => mib * 2 ** 20;
export const mib = (amount: Bytes): number => Math.round(amount / 2 ** 20);
const millis = (seconds: number): Millis => seconds * 1_000;

/** A declared model as the core has it. */
export function coreModel(entry: Entry, times: WallTimes): Model {
  const { effective, limits } = entry;
  return {
    ...coreSettings(effective),
    gpuDeclared: limits.gpu,
    hostDeclared: limits.cpu,
    id: entry.name as ModelId,
    source: 'declared',
    pinnedCopies: pinNow(effective, times)?.copies ?? 0,
    minCopies: effective.copies.min,
    maxCopies: effective.copies.max,
    dependsOn: effective.dependsOn as readonly ModelId[],
    require: effective.placement.require,
    spread: effective.placement.spread,
    deviceSets: effective.deviceSets,
    config: effective.config === null ? null : canonical(effective.config),
  };
}

/** Settings as the core has them: bytes and milliseconds. */
export function coreSettings(settings: Settings): ModelSettings {
  const { idleUnloadSeconds, coldStart } = settings;
  return {
    enabled: settings.enabled,
    gpuBytes: bytes(settings.gpuMemoryLimitMb),
    hostBytes: bytes(settings.cpuMemoryLimitMb),
    gpuDeclared: false,
    hostDeclared: false,
    idleUnload: idleUnloadSeconds === null ? null : millis(idleUnloadSeconds),
    idleMode: settings.idleUnload,
    loadTimeout: millis(settings.loadTimeoutSeconds),
    minResidency: millis(settings.minResidencySeconds),
    class: settings.class,
    coldStart: {
      policy: coldStart.policy,
      maxQueue: coldStart.maxQueue,
      maxWait: coldStart.maxWaitMs,
      loadWhenShed: coldStart.loadWhenShed,
    },
    onLimitExceeded: settings.onLimitExceeded,
    onFailing: settings.onFailing,
  };
}

/** The pin that holds at this moment: one whose time is over is none. */
export function pinNow({ pin }: EffectiveModel, times: WallTimes): EffectiveModel['pin'] {
  return pin === null || (pin.until !== null && times.hasPassed(pin.until)) ? null : pin;
}
