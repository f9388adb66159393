import { Copy } from './copy.js';
import type { Holding } from './device-memory.js';
import { holdingsOf, placeInstances } from './instances.js';
import type { Instance } from './instances.js';
import { loadTime } from './load-time.js';
import { parameterOf, warmUps } from './model-config.js';
import type { ServingConfig } from './model-config.js';
import type { ProcessState } from './process-state.js';
import type { ModelOnDisk } from './simulated-model.js';

/** How the load of one copy, or the change of its instances, ended. */
export type CopyOutcome = { readonly copy: Copy } | { readonly failed: string };

/** How long Triton takes to see that a configuration cannot be placed. */
const REFUSAL_MS = 25;

/** Loads a new copy beside whatever there is. `done` is never called for a load that is stuck. */
export function loadCopy(
  process: ProcessState,
  model: ModelOnDisk,
  version: number,
  config: ServingConfig,
  done: (outcome: CopyOutcome) => void,
): void {
  const placing = placeInstances(model, config, process.devices);
  if ('refused' in placing) {
    process.timers.after(REFUSAL_MS, () => done({ failed: placing.refused }));
    return;
  }
  const copy = newCopy(process, model, version, placing.instances);
  process.copies.add(copy);
  process.threads.run((freeThread) => {
    copy.phase = 'loading';
    initialize(process, { model, config }, copy, placing.instances, (failed) => {
      freeThread();
      if (failed !== undefined) return done({ failed: abandon(process, copy, failed) });
      copy.phase = 'serving';
      done({ copy });
    });
  });
}

/** Gives a serving copy other instances: the new ones come up beside the old, then the old ones go one by one. */
export function changeInstances(
  process: ProcessState,
  model: ModelOnDisk,
  copy: Copy,
  config: ServingConfig,
  done: (outcome: CopyOutcome) => void,
): void {
  const placing = placeInstances(model, config, process.devices);
  if ('refused' in placing) return done({ failed: placing.refused });
  const { kept, added, removed } = difference(copy.instances, placing.instances);
  const removeOld = (): void => {
    copy.instances = [...kept, ...added];
    removeOneByOne(process, model, copy, removed, () => done({ copy }));
  };
  if (added.length === 0) return removeOld();
  process.threads.run((freeThread) => {
    initialize(process, { model, config }, copy, added, (failed) => {
      freeThread();
      if (failed === undefined) removeOld();
      else done({ failed });
    });
  });
}

/** Takes a copy down once nothing uses it any more; its memory may come back later than `whenGone`, or never. */
export function retireCopy(
  process: ProcessState,
  model: ModelOnDisk,
  copy: Copy,
  whenGone: () => void,
): void {
  copy.leave(() => {
    if (process.faults.stuckUnloads.has(model.name) || copy.health === 'caught') {
      process.phantoms += 1;
      return;
    }
    process.timers.after(model.unloadMs, () => {
      copy.phase = 'gone';
      process.series.drop(copy);
      whenGone();
      const lateMs = process.faults.memoryBackLateMs;
      if (lateMs > 0) process.timers.after(lateMs, () => release(process, model, copy));
      else release(process, model, copy);
    });
  });
}

function newCopy(
  process: ProcessState,
  model: ModelOnDisk,
  version: number,
  instances: readonly Instance[],
): Copy {
  const { timers, options } = process;
  const identity = { id: process.nextCopyId(), model: model.name, version, instances };
  const series = process.series.of(model.name, String(version));
  const copy = new Copy(identity, model.inferMs, timers, options.wallClock, series.counters);
  series.copies.add(copy);
  return copy;
}

/** Takes the memory of some instances and brings them up; `done` hears the reason when that fails. */
function initialize(
  process: ProcessState,
  { model, config }: { readonly model: ModelOnDisk; readonly config: ServingConfig },
  copy: Copy,
  instances: readonly Instance[],
  done: (failed: string | undefined) => void,
): void {
  if (model.missingModelFile || hangs(model)) return;
  const { timers, faults, memory, repository } = process;
  const holdings = holdingsOf(model, instances);
  const residue = memory.holdingsOf(residueOf(model));
  memory.free(residueOf(model));
  const tooFull = memory.firstTooFull(holdings);
  if (tooFull !== undefined) {
    memory.take(residueOf(model), residue);
    process.onOutOfMemory({ model: model.name, ...tooFull });
    timers.after(model.loadMs / 2, () =>
      faults.oomKillsProcess ? process.crash() : done(outOfMemory(model, tooFull)),
    );
    return;
  }
  memory.take(copy.holder, holdings);
  if (faults.stuckLoads.has(model.name)) return;
  timers.after(loadTime(model, copy) + (faults.slowLoadMs.get(model.name) ?? 0), () => {
    repository.compile(model.name, copy.version);
    const text = failure(process, model, copy.version, config);
    if (text !== '') memory.giveBack(copy.holder, holdings);
    else for (const { times, batchSize } of warmUps(config)) copy.warmUp(times * instances.length, batchSize);
    done(text === '' ? undefined : `Internal: ${text}`);
  });
}

/** The process of a Python model never comes up where its name has a blank or a quote in it. */
const hangs = ({ name, backend }: ModelOnDisk): boolean => backend === 'python' && /["\s]/.test(name);

function failure(process: ProcessState, model: ModelOnDisk, version: number, config: ServingConfig): string {
  const injected = process.faults.failingLoads.get(model.name) ?? '';
  if (injected !== '') return injected;
  if (model.failingVersions.includes(version) && model.failWith !== '') return model.failWith;
  return parameterOf(config, model.failParameter.name) === '' ? '' : model.failParameter.text;
}

function abandon(process: ProcessState, copy: Copy, reason: string): string {
  copy.phase = 'gone';
  process.copies.delete(copy);
  process.series.drop(copy);
  return reason;
}

function removeOneByOne(
  process: ProcessState,
  model: ModelOnDisk,
  copy: Copy,
  removed: readonly Instance[],
  done: () => void,
): void {
  const [first, ...rest] = removed;
  if (first === undefined) return done();
  process.timers.after(model.unloadMs, () => {
    process.memory.giveBack(copy.holder, holdingsOf(model, [first]));
    removeOneByOne(process, model, copy, rest, done);
  });
}

/** What a framework keeps stays until the process ends; the next load of the same model uses it again. */
function release(process: ProcessState, model: ModelOnDisk, copy: Copy): void {
  process.copies.delete(copy);
  process.memory.free(copy.holder);
  if ([...process.copies].some((other) => other.model === model.name)) return;
  const bytes = process.faults.residueBytes.get(model.name) ?? model.residueBytes;
  for (const { place } of copy.instances) process.memory.set(residueOf(model), place, bytes);
}

function residueOf(model: ModelOnDisk): string {
  return `residue of ${model.name}`;
}

function difference(
  old: readonly Instance[],
  wanted: readonly Instance[],
): { kept: readonly Instance[]; added: readonly Instance[]; removed: readonly Instance[] } {
  const left = [...old];
  const kept: Instance[] = [];
  const added: Instance[] = [];
  for (const instance of wanted) {
    const at = left.findIndex(({ place }) => place === instance.place);
    if (at < 0) added.push(instance);
    else kept.push(...left.splice(at, 1));
  }
  return { kept, added, removed: left };
}

function outOfMemory(model: ModelOnDisk, { place, bytes }: Holding): string {
  const size = `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (place === 'host') return `Internal: MemoryError: Unable to allocate ${size} of host memory`;
  const cuda = `CUDA out of memory. Tried to allocate ${size}`;
  switch (model.backend) {
    case 'onnxruntime':
      return `Internal: onnx runtime error 6: ${cuda} on device ${place}`;
    case 'tensorrt':
      return `Internal: unable to create TensorRT engine: ${cuda} on device ${place}`;
    case 'pytorch':
      return `Internal: failed to load model '${model.name}': ${cuda} (GPU ${place})`;
    case 'python':
    case 'vllm':
      return `Internal: OutOfMemoryError: ${cuda} (GPU ${place})\n\nAt:\n  /models/${model.name}/1/model.py(15): initialize\n`;
  }
}
