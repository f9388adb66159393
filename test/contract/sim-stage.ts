import type { SimulatedModel } from '#triton-simulator';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { until } from '../support/until.js';
import { configOf } from './model-config.js';
import type { ContractModel, Stage, StageOptions } from './stage.js';

/** A stage with a simulated Triton, which has no GPU. */
export async function simStage(options: StageOptions): Promise<Stage> {
  const { controlMode = 'explicit', restriction } = options;
  return stageOf(
    await startTritonSim({
      id: 't0',
      gpus: 0,
      models: options.models.map(simulated),
      triton: { controlMode, ...(restriction && { restriction }) },
    }),
  );
}

/** What a simulator is to the contract. */
export function stageOf(running: RunningSim): Stage {
  const { sim, addresses } = running;
  const now = async (work: () => unknown): Promise<void> => void work();
  return {
    grpc: addresses.grpc,
    http: addresses.http,
    metrics: addresses.metrics,
    kill: () => now(() => sim.kill()),
    start: () => now(() => sim.start()),
    terminate: async () => {
      sim.inject({ kind: 'terminate' });
      await until(() => sim.phase === 'down');
    },
    touchFiles: (model) => now(() => sim.repository.touch(model, 'files')),
    writeVersion: (model, version, breaks) => now(() => sim.repository.writeVersion(model, version, breaks)),
    writeConfig: (model) => now(() => sim.repository.touch(model.name, 'config', configOf(model))),
    removeDirectory: (model) => now(() => sim.repository.remove(model)),
    restoreDirectory: (model) => now(() => sim.repository.restore(model)),
    duplicate: (model) => now(() => sim.repository.duplicate(model, true)),
    crashModel: (model) => sim.inject({ kind: 'deadModel', model }),
    isExecuting: (model) => sim.copies().some((copy) => copy.model === model && copy.inFlight > 0),
    // As a simulated process ends only when it is told to, nothing waits for it.
    ended: () => new Promise(() => {}),
    close: () => running.close(),
  };
}

const MEMORY =
  'MemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (simulated)\n\nAt:\n  model.py(15): initialize\n';
const EXCEPTION = 'ValueError: it will not\n\nAt:\n  model.py(15): initialize\n';

function simulated(model: ContractModel): SimulatedModel {
  const { name, loadMs = 100, inferMs = 1, fails, lacks, versions, steps } = model;
  const config = configOf(model);
  if (steps) return { name, steps, config };
  return {
    name,
    python: true,
    pycPresent: model.writesByteCode !== true,
    loadMs,
    inferMs,
    unloadMs: 300,
    config,
    failWith: EXCEPTION,
    failingVersions: fails === 'exception' ? (versions ?? [1]) : [],
    failParameter: { name: 'fail', text: MEMORY },
    ...(versions && { versions }),
    ...(lacks === 'version' && { noVersionDirectory: true }),
    ...(lacks === 'file' && { missingModelFile: true }),
  };
}
