import type { LearnedConfig } from '#core';
import type { ModelDescription } from '#engine';
import { canonicalJson } from './canonical-json.js';
import { isModelName } from './model-name.js';
import type { ConfigMessage, InstanceGroup } from './protocol.js';

/** What the config of a model that serves tells: where it is, how often, what it is made of, and the whole of it. */
export function describeConfig(config: ConfigMessage): ModelDescription {
  const groups = config.instance_group ?? [];
  const kind = kindOf(groups);
  const steps = (config.ensemble_scheduling?.step ?? []).map(({ model_name = '' }) => model_name);
  return {
    config: {
      json: canonicalJson(readableKeys(config)),
      kind,
      gpus: kind === 'gpu' ? gpusOf(groups) : [],
      count: countOf(groups, kind),
    },
    steps: [...new Set(steps)].filter(isModelName),
  };
}

function kindOf(groups: readonly InstanceGroup[]): LearnedConfig['kind'] {
  if (groups.some(isOnGpu)) return 'gpu';
  return groups.some(({ kind }) => kind === 'KIND_MODEL') ? 'model' : 'cpu';
}

/** KIND_AUTO is the default, so it is absent; once it names GPUs it is on them. */
function isOnGpu({ kind = 'KIND_AUTO', gpus = [] }: InstanceGroup): boolean {
  return kind === 'KIND_GPU' || (kind === 'KIND_AUTO' && gpus.length > 0);
}

function gpusOf(groups: readonly InstanceGroup[]): number[] {
  const gpus = groups.filter(isOnGpu).flatMap((group) => group.gpus ?? []);
  return [...new Set(gpus)].toSorted((a, b) => a - b);
}

/** On the device that has most of them. */
function countOf(groups: readonly InstanceGroup[], kind: LearnedConfig['kind']): number {
  const on = (gpu: number) =>
    sumOfCounts(groups.filter((group) => isOnGpu(group) && group.gpus?.includes(gpu)));
  const counts = kind === 'gpu' ? gpusOf(groups).map(on) : [sumOfCounts(groups)];
  return Math.max(1, ...counts);
}

function sumOfCounts(groups: readonly InstanceGroup[]): number {
  return groups.reduce((sum, { count = 1 }) => sum + count, 0);
}

/** The decoder packs keys that are 64-bit numbers into texts of 8 bytes; a config has them in one place. */
function readableKeys(config: ConfigMessage): ConfigMessage {
  const { dynamic_batching } = config as { dynamic_batching?: { priority_queue_policy?: object } };
  if (!dynamic_batching?.priority_queue_policy) return config;
  const entries = Object.entries(dynamic_batching.priority_queue_policy);
  const policies = Object.fromEntries(entries.map(([key, policy]) => [unpacked(key), policy]));
  const readable = { ...dynamic_batching, priority_queue_policy: policies };
  return { ...config, ...{ dynamic_batching: readable } };
}

function unpacked(key: string): string {
  return Buffer.from(key, 'latin1').readBigUInt64LE().toString();
}
