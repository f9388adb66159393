import { fail, says, succeed } from './answers.js';
import type { Answer, RpcError } from './answers.js';
import { NEVER } from './file-times.js';
import { loadModel, unloadModel } from './loading.js';
import type { LoadProblem } from './loading.js';
import { parseOverride } from './model-config.js';
import type { LoadOrder } from './polling.js';
import type { ProcessState } from './process-state.js';
import type { Directory } from './repository.js';
import { completed } from './simulated-model.js';

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
  const claim = related(process, order);
  process.locks.acquire(claim, (release) => {
    loadModel(process, order, claim, (problem) => {
      release();
      answer(problem === undefined ? succeed({}) : fail(describe(name, problem)));
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
  const answered = beginUnload(process, name);
  const isAlone = withSteps === false && (process.known.get(name)?.config.steps.length ?? 0) > 0;
  const claim = isAlone ? ensemblesOver(process.known, name) : related(process, { name }, false);
  process.locks.acquire(claim, (release) => {
    unloadModel(process, { name, withSteps: withSteps === true }, claim, () => {
      release();
      process.timers.after(ANSWER_MS, () => {
        answered();
        done(succeed({}));
      });
    });
  });
}

/** Counts an unload among those in work, which may be the end of the process. */
function beginUnload(process: ProcessState, model: string): () => void {
  const { known, unloadsInWork, faults } = process;
  if (!faults.unloadsCrash) return () => {};
  const answered = unloadsInWork.add({ model, unsettled: known.unsettled() });
  if (unloadsInWork.mayCrash()) {
    process.onUntold({ kind: 'dies of unloads', models: unloadsInWork.models });
    process.crash();
  }
  return answered;
}

/** Loads what a server is told to load before it opens its ports; a model that fails does not keep it from opening. */
export function loadAtStart(process: ProcessState, names: readonly string[], done: () => void): void {
  let left = names.length;
  for (const name of names) {
    const claim = related(process, { name });
    process.locks.acquire(claim, (release) =>
      loadModel(process, { name }, claim, () => {
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
  if (sizes.length === 0) return { name, override };
  if (override === undefined) return undefined;
  const gpuBytes = sizes.reduce((sum, size) => sum + size, 0);
  const files: Directory = { model: completed({ name, gpuBytes }), times: NEVER };
  return { name, override, files };
}

function describe(name: string, problem: LoadProblem): RpcError {
  switch (problem.kind) {
    case 'poll':
      return says.pollFailed(name);
    case 'no version':
      return says.noVersionAvailable(name);
    case 'failed':
      return says.loadFailed(name, problem.detail);
  }
}

/**
 * The models that an order may touch besides its own: an ensemble's steps, and the ensembles in use of a step. The load of
 * a step that is known leaves those alone until it ends, so their unloads do not wait for it.
 */
function related(process: ProcessState, { name, override }: LoadOrder, isLoad = true): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (one: string): void => {
    if (names.has(one)) return;
    names.add(one);
    process.repository.model(one)?.steps.forEach(visit);
    process.known.get(one)?.config.steps.forEach(visit);
    if (isLoad && process.known.get(one) !== undefined) return;
    process.known.dependents(one).forEach((dependent) => visit(dependent.name));
  };
  const model = process.repository.model(name);
  const sent =
    override === undefined || model === undefined ? undefined : parseOverride(name, override, model);
  sent?.steps.forEach(visit);
  visit(name);
  return names;
}

/** An ensemble that goes without its steps, and the ensembles that it is a step of. */
const ensemblesOver = (known: ProcessState['known'], name: string): ReadonlySet<string> =>
  new Set([name, ...known.dependents(name).flatMap((one) => [...ensemblesOver(known, one.name)])]);
