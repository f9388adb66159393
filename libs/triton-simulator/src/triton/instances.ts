import type { Holding, SimulatedDevice } from './device-memory.js';
import type { InstanceGroup, ServingConfig } from './model-config.js';
import type { BackendKind, ModelOnDisk, Place } from './simulated-model.js';

/** One instance of a model: a set of its weights at one place, which runs one inference at a time. */
export interface Instance {
  readonly name: string;
  readonly place: Place;
}

/** Where a configuration puts a model; or why the server refuses it. */
export type Placing = { readonly instances: readonly Instance[] } | { readonly refused: string };

const BACKENDS: ReadonlySet<string> = new Set<BackendKind>([
  'onnxruntime',
  'tensorrt',
  'pytorch',
  'python',
  'vllm',
]);

const noBackend = (backend: string): string =>
  `unable to find backend library for backend '${backend}', try specifying runtime on the model configuration.`;

/** Works out the instances that a configuration asks for on a server with these GPUs. */
export function placeInstances(
  model: ModelOnDisk,
  config: ServingConfig,
  devices: readonly SimulatedDevice[],
): Placing {
  if (model.steps.length > 0) return { instances: [] };
  const { backend = model.backend } = config.json as { readonly backend?: string };
  if (!BACKENDS.has(backend)) return { refused: `Invalid argument: ${noBackend(backend)}` };
  const groups = config.groups.length > 0 ? config.groups : [defaultGroup(model, devices)];
  const instances: Instance[] = [];
  for (const [at, group] of groups.entries()) {
    const problem = refuse(group, `instance group ${model.name}_${at} of model ${model.name}`, devices);
    if (problem !== undefined) return problem;
    instances.push(...instancesOf(group, devices, model.spreadsOver));
  }
  return { instances };
}

/** The groups as ModelConfig shows them: what the configuration leaves open, the server has decided. */
export function decidedGroups(
  model: ModelOnDisk,
  config: ServingConfig,
  devices: readonly SimulatedDevice[],
): readonly InstanceGroup[] {
  if (model.steps.length > 0) return [];
  const groups = config.groups.length > 0 ? config.groups : [defaultGroup(model, devices)];
  return groups.map((group) => {
    if (group.kind !== 'KIND_GPU' && group.kind !== 'KIND_AUTO') return group;
    if (devices.length === 0) return { ...group, kind: 'KIND_CPU' };
    const gpus = group.gpus.length > 0 ? group.gpus : devices.map(({ ordinal }) => ordinal);
    return { ...group, kind: 'KIND_GPU', gpus };
  });
}

/** What instances of a model hold, place by place. */
export function holdingsOf(model: ModelOnDisk, instances: readonly Instance[]): Holding[] {
  return instances.flatMap(({ place }) =>
    place === 'host'
      ? [{ place, bytes: model.gpuBytes + model.hostBytes }]
      : [
          { place, bytes: model.gpuBytes },
          { place: 'host' as const, bytes: model.hostBytes },
        ],
  );
}

function defaultGroup(model: ModelOnDisk, devices: readonly SimulatedDevice[]): InstanceGroup {
  const kind = devices.length > 0 ? 'KIND_GPU' : 'KIND_CPU';
  return { name: model.name, kind, count: 1, gpus: [] };
}

function refuse(
  group: InstanceGroup,
  subject: string,
  devices: readonly SimulatedDevice[],
): Placing | undefined {
  const missing = group.gpus.find((gpu) => !devices.some(({ ordinal }) => ordinal === gpu));
  if (group.kind === 'KIND_GPU' && missing !== undefined) {
    return { refused: `Invalid argument: ${invalidGpu(subject, missing, devices)}` };
  }
  const problem = misplaced(group, missing !== undefined, devices.length);
  return problem === undefined ? undefined : { refused: `Invalid argument: ${subject} ${problem}` };
}

function misplaced({ kind, gpus }: InstanceGroup, isMissing: boolean, gpuCount: number): string | undefined {
  if (kind === 'KIND_GPU') return gpuCount === 0 ? 'has kind KIND_GPU but no GPUs are available' : undefined;
  if (gpus.length === 0) return undefined;
  if (kind === 'KIND_MODEL') return 'has kind KIND_MODEL but specifies one or more GPUs';
  const isOnCpu = kind === 'KIND_CPU' || isMissing;
  return isOnCpu ? 'has kind KIND_CPU but specifies one or more GPUs' : undefined;
}

function invalidGpu(subject: string, gpu: number, devices: readonly SimulatedDevice[]): string {
  const present = devices.map(({ ordinal }) => ordinal).join(', ');
  return (
    `${subject} specifies invalid or unsupported gpu id ${gpu}. ` +
    `GPUs with at least the minimum required CUDA compute compatibility of 6.000000 are: ${present}`
  );
}

function instancesOf(
  group: InstanceGroup,
  devices: readonly SimulatedDevice[],
  spreadsOver: readonly number[],
): Instance[] {
  const places = placesOf(group, devices, spreadsOver);
  return places
    .flatMap((place) => Array.from({ length: group.count }, () => place))
    .map((place, at) => ({ name: `${group.name}_${at}`, place }));
}

/** Under KIND_MODEL the model chooses: one that spreads takes those of its GPUs that there are, any other takes the first GPU. */
function placesOf(
  group: InstanceGroup,
  devices: readonly SimulatedDevice[],
  spreadsOver: readonly number[],
): readonly Place[] {
  const all = devices.map(({ ordinal }) => ordinal);
  if (group.kind === 'KIND_CPU' || all.length === 0) return ['host'];
  if (group.kind === 'KIND_MODEL') {
    const taken = all.filter((ordinal) => spreadsOver.includes(ordinal));
    return taken.length > 0 ? taken : all.slice(0, 1);
  }
  return group.gpus.length > 0 ? group.gpus : all;
}
