/** A model as files, relative to its own folder in a repository; `folders` are made even where they stay empty. */
export interface ModelFolder {
  readonly name: string;
  readonly folders: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

export interface RealModelOptions {
  readonly name: string;
  readonly loadSeconds?: number;
  readonly inferSeconds?: number;
  /** Sleep in `finalize`; Triton itself adds about a second before it. */
  readonly finalizeSeconds?: number;
  readonly allocMb?: number;
  /** What `initialize` does instead of coming up: raise an out-of-memory error, or end the process. */
  readonly fail?: 'exception' | 'exit';
  /** A file or folder: as long as it is there, the load does not end. */
  readonly heldBy?: string;
  /** No `model.py`: its load never ends and takes a load thread with it. */
  readonly missingModelFile?: boolean;
  /** Any others, or the ones above by their names: load_seconds, infer_seconds, finalize_seconds, alloc_mb, fail, held_by. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly instanceCount?: number;
  /** Keeps Python from writing byte code into the folder, which makes the next load a full reload. */
  readonly stablePyc?: boolean;
}

/** A model that doubles one number, slowly. */
export function aRealModel(options: RealModelOptions): ModelFolder;

/** Its steps one after another, each with one input IN and one output OUT. */
export function anEnsemble(options: {
  readonly name: string;
  readonly steps: readonly string[];
}): ModelFolder;

/** Writes a model into a repository, over one of the same name. */
export function writeModel(repository: string, model: ModelFolder): Promise<void>;

/** The environment variable that names the folder for what the models write down about themselves. */
export const EVENTS_VARIABLE: string;
