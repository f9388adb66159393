/** A model's configuration as Triton's JSON form has it: field names in snake case. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** Which framework keeps a model: it decides the words of an out-of-memory error. */
export type BackendKind = 'onnxruntime' | 'tensorrt' | 'pytorch' | 'python' | 'vllm';

/** What lies in one model directory, and how it behaves once it is loaded. */
export interface SimulatedModel {
  readonly name: string;
  /** The version directories; default only 1. */
  readonly versions?: readonly number[];
  /** What one instance holds on its GPU. An instance on the CPU holds as much in host memory. */
  readonly gpuBytes?: number;
  /** What one instance holds in host memory besides. */
  readonly hostBytes?: number;
  readonly loadMs?: number;
  /** How far its loads differ: the standard deviation of the logarithm of their times. Each load takes the same in every run. */
  readonly loadSpread?: number;
  /** From the end of the last inference until the row reads `unloaded`. */
  readonly unloadMs?: number;
  readonly inferMs?: number;
  readonly backend?: BackendKind;
  /** The configuration on disk. Without an instance group in it a copy goes to every GPU, as in Triton. */
  readonly config?: ConfigJson;
  /** The GPUs over which its backend spreads it where its configuration says KIND_MODEL; default the first. */
  readonly spreadsOver?: readonly number[];
  /** The models of which an ensemble is made, in their order. */
  readonly steps?: readonly string[];
  /** A Python model writes a `.pyc` beside itself at its first load, so that its next plain load is a full one. */
  readonly python?: boolean;
  readonly pycPresent?: boolean;
  /** The error with which every initialize ends. */
  readonly failWith?: string;
  /** Versions of which every initialize fails with `failWith`; default all. */
  readonly failingVersions?: readonly number[];
  /** A parameter of the configuration which makes every initialize end with `text` while it is not empty. */
  readonly failParameter?: { readonly name: string; readonly text: string };
  /** The load never ends and takes a load thread with it. */
  readonly missingModelFile?: boolean;
  readonly duplicateInRepositories?: boolean;
  readonly noVersionDirectory?: boolean;
  /** What the framework keeps on each device after the unload, until the process ends. */
  readonly residueBytes?: number;
}

/** Where memory is: a GPU, by its ordinal, or the host. */
export type Place = number | 'host';

/** A model whose every field is filled in. */
export type ModelOnDisk = Required<Omit<SimulatedModel, 'config'>> & { readonly config: ConfigJson };

/** The versions that lie in a model's directory. */
function versionsOf(model: SimulatedModel): readonly number[] {
  return model.noVersionDirectory === true ? [] : (model.versions ?? [1]);
}

/** Fills in what a model's author left out. */
export function completed(model: SimulatedModel): ModelOnDisk {
  const isEnsemble = (model.steps ?? []).length > 0;
  return {
    gpuBytes: 0,
    hostBytes: 0,
    loadMs: isEnsemble ? 1 : 1300,
    loadSpread: 0,
    unloadMs: isEnsemble ? 0 : 1100,
    inferMs: isEnsemble ? 0 : 10,
    backend: model.python === true ? 'python' : 'onnxruntime',
    spreadsOver: [],
    steps: [],
    python: false,
    pycPresent: false,
    failWith: '',
    failingVersions: versionsOf(model),
    failParameter: { name: '', text: '' },
    missingModelFile: false,
    duplicateInRepositories: false,
    noVersionDirectory: false,
    residueBytes: 0,
    ...model,
    versions: versionsOf(model),
    config: model.config ?? defaultConfig(model),
  };
}

function defaultConfig(model: SimulatedModel): ConfigJson {
  const tensors = {
    input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: [-1] }],
    output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: [-1] }],
  };
  if (model.steps === undefined || model.steps.length === 0) {
    return {
      backend: model.backend ?? (model.python === true ? 'python' : 'onnxruntime'),
      max_batch_size: 0,
      ...tensors,
    };
  }
  const last = model.steps.length - 1;
  const step = model.steps.map((name, at) => ({
    model_name: name,
    model_version: -1,
    input_map: { IN: at === 0 ? 'IN' : `between_${at}` },
    output_map: { OUT: at === last ? 'OUT' : `between_${at + 1}` },
  }));
  return { platform: 'ensemble', max_batch_size: 0, ...tensors, ensemble_scheduling: { step } };
}
