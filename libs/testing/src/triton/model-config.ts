import type { ConfigJson } from './simulated-model.js';

/** A configuration as a serving model has it: the instance groups apart, since only they can change in place. */
export interface ServingConfig {
  readonly json: ConfigJson;
  readonly groups: readonly InstanceGroup[];
  readonly policy: VersionPolicy;
  /** Equal for two configurations that a running copy can change between without a reload. */
  readonly fingerprint: string;
}

/** One entry of `instance_group`. */
export interface InstanceGroup {
  readonly name: string;
  readonly kind: string;
  readonly count: number;
  readonly gpus: readonly number[];
}

/** Which of the versions on disk are to be served. */
export type VersionPolicy =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly number[] };

type Json = Record<string, unknown>;

const FIELDS = new Set(
  `name platform version_policy max_batch_size input output instance_group default_model_filename
  cc_model_filenames metric_tags dynamic_batching optimization sequence_batching parameters ensemble_scheduling
  model_warmup backend model_operations model_transaction_policy batch_input batch_output
  model_repository_agents response_cache runtime model_metrics`.split(/\s+/),
);

/** Reads a `config` load parameter; undefined where Triton only says that it failed to poll. */
export function parseOverride(name: string, text: string): ServingConfig | undefined {
  const parsed = parseJson(text);
  if (!isObject(parsed)) return undefined;
  const json = snakeCaseKeys(parsed);
  if (Object.keys(json).some((field) => !FIELDS.has(field))) return undefined;
  if (json['name'] !== undefined && json['name'] !== name) return undefined;
  return servingConfig(name, json);
}

/** Completes a configuration the way a server does when it loads the model. */
export function servingConfig(name: string, config: ConfigJson): ServingConfig {
  const { instance_group: _groups, version_policy: _policy, ...rest } = config;
  const groups = readGroups(name, config);
  return {
    json: { ...config, name, ...(groups.length > 0 && { instance_group: groups }) },
    groups,
    policy: readPolicy(config),
    fingerprint: canonical({ ...rest, name }),
  };
}

/** The versions of a directory that a policy selects. */
export function selectVersions(policy: VersionPolicy, onDisk: readonly number[]): readonly number[] {
  const sorted = [...onDisk].sort((one, other) => one - other);
  switch (policy.kind) {
    case 'latest':
      return sorted.slice(-policy.count);
    case 'all':
      return sorted;
    case 'specific':
      return sorted.filter((version) => policy.versions.includes(version));
  }
}

function readGroups(name: string, config: ConfigJson): InstanceGroup[] {
  const groups = Array.isArray(config['instance_group']) ? config['instance_group'].filter(isObject) : [];
  return groups.map((group, at) => ({
    name: typeof group['name'] === 'string' && group['name'] !== '' ? group['name'] : `${name}_${at}`,
    kind: typeof group['kind'] === 'string' ? group['kind'].toUpperCase() : 'KIND_AUTO',
    count: Math.max(1, Number(group['count'] ?? 1)),
    gpus: Array.isArray(group['gpus']) ? group['gpus'].map(Number) : [],
  }));
}

function readPolicy(config: ConfigJson): VersionPolicy {
  const policy = isObject(config['version_policy']) ? config['version_policy'] : {};
  if (policy['all'] !== undefined) return { kind: 'all' };
  if (isObject(policy['specific'])) {
    const versions = policy['specific']['versions'];
    return { kind: 'specific', versions: Array.isArray(versions) ? versions.map(Number) : [] };
  }
  const latest = isObject(policy['latest']) ? policy['latest'] : {};
  return { kind: 'latest', count: Math.max(1, Number(latest['num_versions'] ?? 1)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keys below a map are names that somebody chose; all others are fields, which JSON may give in camel case. */
const MAPS = new Set([
  'parameters',
  'metric_tags',
  'cc_model_filenames',
  'input_map',
  'output_map',
  'inputs',
]);

function snakeCaseKeys(json: Json): Json {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      const field = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [field, MAPS.has(field) && isObject(value) ? mapValues(value) : snakeCaseWithin(value)];
    }),
  );
}

function mapValues(json: Json): Json {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, snakeCaseWithin(value)]));
}

function snakeCaseWithin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCaseWithin);
  return isObject(value) ? snakeCaseKeys(value) : value;
}

/** As messages compare: a 64-bit number may be a text in JSON, and a field that has its default is no field. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(String(value));
  const fields = Object.keys(value)
    .filter((key) => !isDefault(value[key]))
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join(',')}}`;
}

function isDefault(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
