import { completed } from './simulated-model.js';
import type { ConfigJson, ModelOnDisk, SimulatedModel } from './simulated-model.js';

/** What a look into one model directory finds. Moments are counted, not timed: a later change has a higher one. */
export interface Directory {
  readonly model: ModelOnDisk;
  /** The newest change of anything in the directory. */
  readonly changedAt: number;
  /** The newest change below the version directories. */
  readonly filesChangedAt: number;
}

interface Entry {
  model: ModelOnDisk;
  changedAt: number;
  filesChangedAt: number;
  /** The state of the files for which a valid `.pyc` lies beside them. */
  compiledFor: number;
  isDuplicated: boolean;
  isRemoved: boolean;
}

/** The model repository on disk. It outlives the server's process. */
export class ModelRepository {
  private readonly entries = new Map<string, Entry>();
  private moment = 0;

  constructor(models: readonly SimulatedModel[]) {
    for (const model of models) this.add(model);
  }

  /** Puts a model's directory there; one of the same name is replaced, all its files being new. */
  add(model: SimulatedModel): void {
    const now = ++this.moment;
    const onDisk = completed(model);
    this.entries.set(model.name, {
      model: onDisk,
      changedAt: now,
      filesChangedAt: now,
      compiledFor: onDisk.pycPresent ? now : -1,
      isDuplicated: onDisk.duplicateInRepositories,
      isRemoved: false,
    });
  }

  remove(name: string): boolean {
    const entry = this.find(name);
    if (entry === undefined) return false;
    entry.isRemoved = true;
    return true;
  }

  restore(name: string): boolean {
    const entry = this.entries.get(name);
    if (entry === undefined || !entry.isRemoved) return false;
    entry.isRemoved = false;
    return true;
  }

  /** Rewrites the model's files, or only its configuration, which may be another one then. */
  touch(name: string, what: 'files' | 'config', config?: ConfigJson): boolean {
    const entry = this.find(name);
    if (entry === undefined) return false;
    entry.changedAt = ++this.moment;
    if (what === 'files') entry.filesChangedAt = entry.changedAt;
    if (config !== undefined) entry.model = { ...entry.model, config };
    return true;
  }

  /** Lets a second repository hold a model of this name, or ends that. */
  duplicate(name: string, isDuplicated: boolean): boolean {
    const entry = this.find(name);
    if (entry === undefined) return false;
    entry.isDuplicated = isDuplicated;
    return true;
  }

  /** The interpreter leaves its `.pyc` in the version directory, which makes the directory look changed. */
  compile(name: string): void {
    const entry = this.find(name);
    if (entry === undefined || !entry.model.python || entry.compiledFor === entry.filesChangedAt) return;
    this.touch(name, 'files');
    entry.compiledFor = entry.filesChangedAt;
  }

  /** Undefined when there is no directory, or more than one. */
  poll(name: string): Directory | undefined {
    const entry = this.find(name);
    if (entry === undefined || entry.isDuplicated) return undefined;
    return { model: entry.model, changedAt: entry.changedAt, filesChangedAt: entry.filesChangedAt };
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  isDuplicated(name: string): boolean {
    return this.find(name)?.isDuplicated === true;
  }

  /** The model as it is or was on disk, also after its directory was removed. */
  model(name: string): ModelOnDisk | undefined {
    return this.entries.get(name)?.model;
  }

  names(): readonly string[] {
    const present = [...this.entries].filter(([, entry]) => !entry.isRemoved);
    return present.map(([name]) => name).sort();
  }

  /** The ensembles that have this model as a step. */
  ensemblesOf(step: string): readonly string[] {
    return this.names().filter((name) => this.model(name)?.steps.includes(step) === true);
  }

  private find(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    return entry?.isRemoved === true ? undefined : entry;
  }
}
