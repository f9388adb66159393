import type { LoadConfig, ModelId } from '#core';
import { canonicalJson } from './canonical-json.js';
import type { InstanceGroup } from './protocol.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The `config` parameter of a load: the base config with one group of instances on the chosen GPUs. Triton takes it
 * instead of the config on disk, so the base has to be whole. Throws where the base is no JSON object.
 */
export function configParameter(model: ModelId, { base, gpus }: LoadConfig): string {
  const { name, instance_group, instanceGroup, ...rest } = parseObject(base);
  const groups = asGroups(instance_group ?? instanceGroup);
  const isOurs = gpus.length > 0 && !isElsewhere(groups);
  return canonicalJson({
    ...rest,
    ...(name === model && { name }),
    ...(isOurs ? { instance_group: [onGpus(groups, gpus)] } : groups && { instance_group: groups }),
  });
}

/** Instances that are to stay on the processor, or that their backend spreads, are not put on a GPU of our choice. */
const isElsewhere = (groups: readonly Fields[] = []): boolean =>
  groups.length > 0 && groups.every(({ kind }) => kind === 'KIND_CPU' || kind === 'KIND_MODEL');

/** What Triton derives from the place (host policy, secondary devices) is left to it. */
function onGpus(groups: readonly Fields[] | undefined, gpus: readonly number[]): Fields {
  const kept = groups?.find(({ kind }) => kind === 'KIND_GPU') ?? groups?.[0] ?? {};
  const { name, count, profile, rate_limiter } = kept as InstanceGroup & Fields;
  return {
    ...(name && { name }),
    kind: 'KIND_GPU',
    count: typeof count === 'number' && count > 0 ? count : 1,
    gpus: [...new Set(gpus)].toSorted((a, b) => a - b),
    ...(profile !== undefined && { profile }),
    ...(rate_limiter !== undefined && { rate_limiter }),
  };
}

function parseObject(text: string): Fields {
  const value: unknown = JSON.parse(text);
  if (!isFields(value)) throw new Error('the config is no JSON object');
  return value;
}

function asGroups(value: unknown): readonly Fields[] | undefined {
  return Array.isArray(value) ? value.filter(isFields) : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
