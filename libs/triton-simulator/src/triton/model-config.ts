import { isConfig, KINDS, listOf } from './config-form.js';
import type { ConfigJson, ModelOnDisk } from './simulated-model.js';

/** A configuration as a serving model has it: the instance groups apart, since only they can change in place. */
export interface ServingConfig {
  readonly json: ConfigJson;
  readonly groups: readonly InstanceGroup[];
  readonly policy: VersionPolicy;
  /** The models of which it is made, for an ensemble. */
  readonly steps: readonly string[];
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

/** Reads a `config` load parameter; undefined where Triton only says that it failed to poll. */
export function parseOverride(name: string, text: string, model: ModelOnDisk): ServingConfig | undefined {
  const parsed = parseJson(text);
  if (!isObject(parsed)) return undefined;
  const json = snakeCaseKeys(parsed);
  if (!isConfig(json) || isOfAnother(name, json)) return undefined;
  if (!saysWhatItIs(json, model)) return undefined;
  const config = servingConfig(name, json, model);
  return model.steps.length > 0 && config.groups.length > 0 ? undefined : config;
}

/** Whether a config says that it is of a model of another name. */
export function isOfAnother(name: string, { name: said }: ConfigJson): boolean {
  return typeof said === 'string' && said !== '' && said !== name;
}

/** A model whose backend is not said is known by its files; an ensemble is one by its steps. */
function saysWhatItIs(json: Json, { steps, versions }: ModelOnDisk): boolean {
  if (steps.length > 0) return stepsOf(json).length > 0;
  return json['backend'] !== undefined || json['platform'] !== undefined || versions.length > 0;
}

/** Completes a configuration the way a server does when it reads it. */
export function servingConfig(name: string, config: ConfigJson, model: ModelOnDisk): ServingConfig {
  const groups = readGroups(name, config);
  const json = {
    ...filledIn(config, model),
    ...config,
    name,
    ...(groups.length > 0 && { instance_group: groups }),
  };
  const { instance_group: _groups, version_policy: _policy, ...rest } = json as Json;
  const steps = stepsOf(config);
  return {
    json,
    groups,
    policy: readPolicy(config),
    steps: steps.length > 0 ? steps : model.steps,
    fingerprint: canonical(rest),
  };
}

/** The file that a model has by default, by its framework. */
const MODEL_FILES: Readonly<Record<string, string>> = {
  onnxruntime: 'model.onnx',
  tensorrt: 'model.plan',
  pytorch: 'model.pt',
  python: 'model.py',
};

/** What a server adds to a configuration that does not say it. */
function filledIn(config: ConfigJson, model: ModelOnDisk): ConfigJson {
  const policy = { version_policy: { latest: { num_versions: 1 } } };
  if (model.steps.length > 0) return { ...policy, model_transaction_policy: { decoupled: false } };
  const { backend = model.backend } = config;
  const file = MODEL_FILES[String(backend)];
  return {
    ...policy,
    backend,
    ...(COMPLETING.has(String(backend)) && tensorsOf(model)),
    ...(file !== undefined && { default_model_filename: file }),
    optimization: { input_pinned_memory: { enable: true }, output_pinned_memory: { enable: true } },
  };
}

/** The frameworks that find a model's tensors in its file; of the others they are in the configuration, or nowhere. */
const COMPLETING: ReadonlySet<string> = new Set(['onnxruntime', 'tensorrt']);

function tensorsOf({ config }: ModelOnDisk): ConfigJson {
  const { input, output } = config;
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) };
}

/** The versions of a directory that a policy selects. */
export function selectVersions(policy: VersionPolicy, onDisk: readonly number[]): readonly number[] {
  const sorted = [...onDisk].sort((one, other) => one - other);
  switch (policy.kind) {
    case 'latest':
      return policy.count === 0 ? [] : sorted.slice(-policy.count);
    case 'all':
      return sorted;
    case 'specific':
      return sorted.filter((version) => policy.versions.includes(version));
  }
}

/** What a configuration says of one of its parameters; empty where it says nothing. */
export function parameterOf({ json }: ServingConfig, name: string): string {
  const parameters = isObject(json['parameters']) ? json['parameters'] : {};
  const parameter = parameters[name];
  return isObject(parameter) && typeof parameter['string_value'] === 'string'
    ? parameter['string_value']
    : '';
}

/** What each new instance executes before it serves: so many times a batch of that size. */
export function warmUps({ json }: ServingConfig): readonly { times: number; batchSize: number }[] {
  const samples = Array.isArray(json['model_warmup']) ? json['model_warmup'].filter(isObject) : [];
  return samples
    .map(({ count, batch_size: size }) => ({
      times: Math.max(1, Number(count ?? 0)),
      batchSize: Number(size ?? 0),
    }))
    .filter(({ batchSize }) => batchSize > 0);
}

/** What an ensemble hands to a step, or takes from it, that the step's own configuration does not have. */
export function misfit(
  ensemble: string,
  { json }: ServingConfig,
  configOf: (step: string) => ServingConfig | undefined,
): string | undefined {
  for (const step of scheduledSteps(json)) {
    const name = String(step['model_name']);
    for (const side of ['input', 'output'] as const) {
      const wanted = Object.entries(isObject(step[`${side}_map`]) ? (step[`${side}_map`] as Json) : {});
      const [tensor, between] = wanted.find(([one]) => !hasTensor(configOf(name), side, one)) ?? [];
      if (tensor === undefined) continue;
      return `in ensemble ${ensemble}, ensemble tensor ${String(between)} is mapping to non-existing ${side} ${tensor} in model ${name}`;
    }
  }
  return undefined;
}

function hasTensor(config: ServingConfig | undefined, side: 'input' | 'output', name: string): boolean {
  const tensors = config?.json[side];
  return Array.isArray(tensors) && tensors.filter(isObject).some((tensor) => tensor['name'] === name);
}

/** The versions of a step that an ensemble names; none where it takes the newest. */
export const versionsOfStep = ({ json }: ServingConfig, step: string): readonly number[] =>
  scheduledSteps(json).flatMap(({ model_name: name, model_version: version }) =>
    name === step && Number(version ?? -1) > 0 ? [Number(version)] : [],
  );

const stepsOf = (config: ConfigJson): readonly string[] =>
  scheduledSteps(config).map((step) => String(step['model_name']));

function scheduledSteps(config: ConfigJson): readonly Json[] {
  const scheduling = isObject(config['ensemble_scheduling']) ? config['ensemble_scheduling'] : {};
  return Array.isArray(scheduling['step']) ? scheduling['step'].filter(isObject) : [];
}

function readGroups(name: string, config: ConfigJson): InstanceGroup[] {
  const groups = listOf(config['instance_group']).filter(isObject);
  return groups.map((group, at) => ({
    name: typeof group['name'] === 'string' && group['name'] !== '' ? group['name'] : `${name}_${at}`,
    kind: kindOf(group['kind']),
    count: Math.max(1, Number(group['count'] ?? 1)),
    gpus: listOf(group['gpus']).map(Number),
  }));
}

function kindOf(kind: unknown): string {
  return typeof kind === 'string' ? kind.toUpperCase() : KINDS[Number(kind ?? 0)]!;
}

function readPolicy(config: ConfigJson): VersionPolicy {
  const policy = isObject(config['version_policy']) ? config['version_policy'] : {};
  if (policy['all'] !== undefined) return { kind: 'all' };
  if (isObject(policy['specific'])) {
    return { kind: 'specific', versions: listOf(policy['specific']['versions']).map(Number) };
  }
  if (!isObject(policy['latest'])) return { kind: 'latest', count: 1 };
  return { kind: 'latest', count: Number(policy['latest']['num_versions'] ?? 0) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keys below a map are free names; all others are fields, which JSON may give in camel case. */
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

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
