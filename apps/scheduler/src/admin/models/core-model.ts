import type { EffectiveModel, ModelSettings as Settings } from '#config';
import { canonical } from '#contracts';
import type { Bytes, Millis, Model, ModelId, ModelSettings } from '#core';
import type { WallTimes } from '../../transport/wall-times.js';
import type { Entry } from './layers.js';

export const bytes = (mib: number): Bytes => mib * 2 ** 20;
export const mib = (amount: Bytes): number => Math.round(amount / 2 ** 20);
const millis = (seconds: number): Millis => seconds * 1_000;

/** A declared model as the core has it. What the core does not need, as labels, is left out by name: the rest are settings. */
export function coreModel(entry: Entry, times: WallTimes): Model {
  const { effective, limits } = entry;
  const {
    labels: _labels,
    pin: _pin,
    copies,
    dependsOn,
    placement,
    deviceSets,
    config,
    ...settings
  } = effective;
  return {
    ...coreSettings(settings),
    gpuDeclared: limits.gpu,
    hostDeclared: limits.cpu,
    id: entry.name as ModelId,
    source: 'declared',
    pinnedCopies: pinNow(effective, times)?.copies ?? 0,
    minCopies: copies.min,
    maxCopies: copies.max,
    dependsOn: dependsOn as readonly ModelId[],
    needsDeclared: entry.spec.dependsOn !== undefined,
    ...placement,
    deviceSets,
    config: config === null ? null : canonical(config),
  };
}

/** Settings as the core has them: in bytes and milliseconds. What has no unit is the same in both. */
export function coreSettings({
  gpuMemoryLimitMb,
  cpuMemoryLimitMb,
  idleUnloadSeconds,
  idleUnload,
  loadTimeoutSeconds,
  minResidencySeconds,
  coldStart: { maxWaitMs, ...coldStart },
  ...same
}: Settings): ModelSettings {
  return {
    ...same,
    gpuBytes: bytes(gpuMemoryLimitMb),
    hostBytes: bytes(cpuMemoryLimitMb),
    gpuDeclared: false,
    hostDeclared: false,
    idleUnload: idleUnloadSeconds === null ? null : millis(idleUnloadSeconds),
    idleMode: idleUnload,
    loadTimeout: millis(loadTimeoutSeconds),
    minResidency: millis(minResidencySeconds),
    coldStart: { ...coldStart, maxWait: maxWaitMs },
  };
}

/** The pin that holds at this moment: one whose time is over is none. */
export function pinNow({ pin }: EffectiveModel, times: WallTimes): EffectiveModel['pin'] {
  return pin === null || (pin.until !== null && times.hasPassed(pin.until)) ? null : pin;
}
