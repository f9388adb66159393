import type { Config, Limits as ConfigLimits, ServerConfig } from '#config';
import type { Event, Limits } from '#core';
import type { BaseLayers } from '../admin/models/catalog.js';
import { coreSettings } from '../admin/models/core-model.js';
import type { Demo } from '../cluster/leadership/term-config.js';

/** The file's models over the demo's. */
export function baseModels(config: Config, demo: Demo | null): BaseLayers {
  const models = Object.assign(Object.create(null) as BaseLayers['models'], demo?.models, config.models);
  return { defaults: config.defaults, models };
}

/** The file's servers and the demo's. */
export function baseServers(config: Config, demo: Demo | null): readonly ServerConfig[] {
  return [...config.servers, ...(demo?.servers ?? [])];
}

/** What the core is told of defaults and limits. */
export function limitsEvent({ limits, defaults }: Config): Event {
  return { kind: 'LimitsSet', limits: coreLimits(limits), defaults: coreSettings(defaults) };
}

function coreLimits({ globalQueue, loadsPerServer, loadsPerDevice, ...rest }: ConfigLimits): Limits {
  return {
    globalQueue,
    loadsPerServer,
    loadsPerDevice,
    loadsPerDevicePerMinute: rest.loadsPerDevicePerMinute,
    starvation: rest.starvationMs,
    stuckAfter: rest.stuckAfterSeconds * 1_000,
  };
}
