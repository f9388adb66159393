import { fail, says, succeed } from './answers.js';
import type { Answer, RpcError } from './answers.js';
import { loadModel } from './loading.js';
import type { LoadOrder, LoadProblem } from './loading.js';
import { readyRows } from './process-state.js';
import type { ProcessState } from './process-state.js';
import type { Directory } from './repository.js';
import { completed } from './simulated-model.js';
import { unloadModel } from './unloading.js';

/** The answer of a call that has nothing to say. */
export type Nothing = Readonly<Record<never, never>>;

/** The parameters of a load or unload, by name. */
export type OrderParameters = Readonly<Record<string, string | boolean | number | bigint | Uint8Array>>;

/** From the end of the work to the answer. */
const ANSWER_MS = 1;

/** Carries out a load: it waits for other orders on the same model, and answers once the model serves or has failed. */
export function orderLoad(
  process: ProcessState,
  name: string,
  parameters: OrderParameters,
  done: (answer: Answer<Nothing>) => void,
): void {
  const answer = (result: Answer<Nothing>): void => void process.timers.after(ANSWER_MS, () => done(result));
  const refusal = refuseOrder(process) ?? refuseLoadParameters(parameters);
  if (refusal !== undefined) return answer(fail(refusal));
  const order = readLoadOrder(name, parameters);
  if (order === undefined) return answer(fail(says.pollFailed(name)));
  process.locks.acquire(related(process, name), (release) => {
    loadModel(process, order, (problem) => {
      const finish = (): void => {
        release();
        answer(problem === undefined ? succeed({}) : fail(describe(name, problem)));
      };
      if (problem === undefined) reviveEnsembles(process, process.repository.ensemblesOf(name), finish);
      else finish();
    });
  });
}

/** Carries out an unload: it answers at once, long before the memory is back, unless a load of the model is running. */
export function orderUnload(
  process: ProcessState,
  name: string,
  parameters: OrderParameters,
  done: (answer: Answer<Nothing>) => void,
): void {
  const answer = (result: Answer<Nothing>): void => void process.timers.after(ANSWER_MS, () => done(result));
  const withSteps = parameters['unload_dependents'] ?? false;
  const refusal =
    refuseOrder(process) ?? (typeof withSteps === 'boolean' ? undefined : says.dependentsNotBool());
  if (refusal !== undefined) return answer(fail(refusal));
  process.locks.acquire(related(process, name), (release) => {
    unloadModel(process, name, withSteps === true);
    release();
    answer(succeed({}));
  });
}

/** Loads what a server is told to load before it opens its ports; a model that fails does not keep it from opening. */
export function loadAtStart(process: ProcessState, names: readonly string[], done: () => void): void {
  let left = names.length;
  for (const name of names) {
    process.locks.acquire(related(process, name), (release) =>
      loadModel(process, { name, isExplicit: true }, () => {
        release();
        left -= 1;
        if (left === 0) done();
      }),
    );
  }
}

function refuseOrder(process: ProcessState): RpcError | undefined {
  if (process.isLeaving) return says.serverNotReady();
  const mode = process.faults.mode ?? process.options.controlMode;
  return mode === 'explicit' ? undefined : says.notExplicit();
}

function refuseLoadParameters(parameters: OrderParameters): RpcError | undefined {
  for (const [key, value] of Object.entries(parameters)) {
    if (key === 'config') {
      if (typeof value !== 'string') return says.configNotString();
    } else if (key.startsWith('file:')) {
      if (!(value instanceof Uint8Array)) return says.fileNotBytes(key);
    } else {
      return says.unknownParameter(key);
    }
  }
  return undefined;
}

/** Undefined when files come without a configuration, which the server cannot make a model of. */
function readLoadOrder(name: string, parameters: OrderParameters): LoadOrder | undefined {
  const override = parameters['config'] as string | undefined;
  const sizes = Object.values(parameters).flatMap((value) =>
    value instanceof Uint8Array ? value.byteLength : [],
  );
  if (sizes.length === 0) return { name, override, isExplicit: true };
  if (override === undefined) return undefined;
  const gpuBytes = sizes.reduce((sum, size) => sum + size, 0);
  const files: Directory = {
    model: completed({ name, gpuBytes }),
    changedAt: Number.MAX_SAFE_INTEGER,
    filesChangedAt: Number.MAX_SAFE_INTEGER,
  };
  return { name, override, files, isExplicit: true };
}

function describe(name: string, problem: LoadProblem): RpcError {
  return problem.kind === 'poll' ? says.pollFailed(name) : says.loadFailed(name, problem.detail);
}

/** The models that an order may touch besides its own: an ensemble's steps, and the ensembles in use of a step. */
function related(process: ProcessState, name: string): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (one: string): void => {
    if (names.has(one)) return;
    names.add(one);
    process.repository.model(one)?.steps.forEach(visit);
    process.repository
      .ensemblesOf(one)
      .filter((ensemble) => process.lives.has(ensemble))
      .forEach(visit);
  };
  visit(name);
  return names;
}

function reviveEnsembles(process: ProcessState, names: readonly string[], done: () => void): void {
  const [name, ...rest] = names;
  if (name === undefined) return done();
  const life = process.lives.get(name);
  const isComplete = life?.model.steps.every((step) => readyRows(process.lives.get(step)).length > 0);
  if (life?.awaitsStep !== true || isComplete !== true) return reviveEnsembles(process, rest, done);
  loadModel(process, { name, isExplicit: false }, () => reviveEnsembles(process, rest, done));
}
