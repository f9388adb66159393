import { NEVER, later } from './file-times.js';
import type { FileTimes } from './file-times.js';
import { completed } from './simulated-model.js';
import type { ConfigJson, ModelOnDisk, SimulatedModel } from './simulated-model.js';

/** What a look into one model directory finds. */
export interface Directory {
  readonly model: ModelOnDisk;
  readonly times: FileTimes;
}

interface Entry {
  model: ModelOnDisk;
  times: FileTimes;
  /** The times of the versions for which a valid `.pyc` lies beside the files. */
  compiledFor: ReadonlyMap<number, number>;
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

  /** A moment after all that was changed so far. */
  nextMoment(): number {
    return ++this.moment;
  }

  /** Puts a model's directory there; one of the same name is replaced, all its files being new. */
  add(model: SimulatedModel): void {
    const now = this.nextMoment();
    const onDisk = completed(model);
    const times = { config: now, versions: new Map(onDisk.versions.map((version) => [version, now])) };
    this.entries.set(model.name, {
      model: onDisk,
      times,
      compiledFor: onDisk.pycPresent ? times.versions : NEVER.versions,
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
    const now = this.nextMoment();
    const changed = what === 'config' ? { config: now } : { versions: entry.model.versions };
    entry.times = later(entry.times, now, changed);
    if (config !== undefined) entry.model = { ...entry.model, config };
    return true;
  }

  /** Writes the files of one version, which may be a new one; `breaks` makes every initialize of them fail. */
  writeVersion(name: string, version: number, breaks: boolean): boolean {
    const entry = this.find(name);
    if (entry === undefined) return false;
    const others = (numbers: readonly number[]): number[] => numbers.filter((number) => number !== version);
    const { versions, failingVersions } = entry.model;
    entry.model = {
      ...entry.model,
      versions: [...others(versions), version],
      failingVersions: [...others(failingVersions), ...(breaks ? [version] : [])],
    };
    entry.times = later(entry.times, this.nextMoment(), { versions: [version] });
    if (entry.model.pycPresent) entry.compiledFor = entry.times.versions;
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
  compile(name: string, version: number): void {
    const entry = this.find(name);
    const time = entry?.times.versions.get(version);
    if (entry === undefined || !entry.model.python || entry.compiledFor.get(version) === time) return;
    entry.times = later(entry.times, this.nextMoment(), { versions: [version] });
    entry.compiledFor = new Map([...entry.compiledFor, [version, this.moment]]);
  }

  /** Undefined when there is no directory, or more than one. */
  poll(name: string): Directory | undefined {
    const entry = this.find(name);
    if (entry === undefined || entry.isDuplicated) return undefined;
    return { model: entry.model, times: entry.times };
  }

  isDuplicated(name: string): boolean {
    return this.find(name)?.isDuplicated === true;
  }

  /** The model as it is or was on disk, also after its directory was removed. */
  model(name: string): ModelOnDisk | undefined {
    return this.entries.get(name)?.model;
  }

  /** The versions that lie there now; undefined where the directory was removed. */
  versionsNow(name: string): readonly number[] | undefined {
    return this.find(name)?.model.versions;
  }

  names(): readonly string[] {
    const present = [...this.entries].filter(([, entry]) => !entry.isRemoved);
    return present.map(([name]) => name).sort();
  }

  private find(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    return entry?.isRemoved === true ? undefined : entry;
  }
}
