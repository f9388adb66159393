import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { writeModel } from '../../tools/real-triton/models.mjs';
import {
  anEnsemble,
  aRealModel,
  type ModelFolder,
  type RealTriton,
  type RealTritonKit,
} from '../support/real-triton.js';
import type { ContractModel, Stage, StageOptions } from './stage.js';

/** A stage with a real Triton. Without auto-completion a load takes a tenth of the time. */
export async function realStage(kit: RealTritonKit, options: StageOptions): Promise<Stage> {
  const { controlMode = 'explicit', restriction } = options;
  const folders = options.models.map(folderOf);
  const second = await mkdtemp(join(tmpdir(), 'berth-second-repository-'));
  const triton = await kit.start({
    models: folders,
    controlMode,
    extraArgs: [
      '--disable-auto-complete-config',
      `--model-repository=${second}`,
      ...(restriction
        ? [`--grpc-restricted-protocol=model-repository:${restriction.key}=${restriction.value}`]
        : []),
    ],
  });
  return stageOf(triton, new Map(folders.map((folder) => [folder.name, folder])), second);
}

function stageOf(triton: RealTriton, folders: ReadonlyMap<string, ModelFolder>, second: string): Stage {
  return {
    grpc: triton.grpc,
    metrics: triton.metrics,
    kill: async () => void (await triton.kill()),
    start: () => triton.restart(),
    terminate: async () => void (await triton.stop()),
    touchFiles: (model) => triton.addModel(folders.get(model)!),
    removeDirectory: (model) => triton.removeModelDirectory(model),
    restoreDirectory: (model) => triton.restoreModelDirectory(model),
    duplicate: (model) => writeModel(second, folders.get(model)!),
    crashModel: (model) => triton.stubPids(model).forEach((pid) => void process.kill(pid, 'SIGKILL')),
    isExecuting: (model) => triton.events(model).at(-1)?.what === 'execute',
    close: async () => {
      await triton.kill();
      await rm(second, { recursive: true, force: true });
    },
  };
}

const EXCEPTION_PY = `class TritonPythonModel:
    def initialize(self, args):
        raise ValueError("it will not")
`;

function folderOf(model: ContractModel): ModelFolder {
  const { name, steps, instances, fails, lacks, versions = [1] } = model;
  if (steps) return anEnsemble({ name, steps });
  const folder = pythonFolderOf(model);
  if (instances === 0) return withFiles(folder, { 'config.pbtxt': withoutInstances(folder) });
  if (fails === 'exception') return withFiles(folder, { '1/model.py': EXCEPTION_PY });
  if (lacks === 'version')
    return { name, folders: [], files: { 'config.pbtxt': folder.files['config.pbtxt']! } };
  const more = versions.map((version) => [`${version}/model.py`, folder.files['1/model.py'] ?? ''] as const);
  return lacks ? folder : withFiles(folder, Object.fromEntries(more));
}

function pythonFolderOf({
  name,
  loadMs = 0,
  inferMs = 0,
  instances = 1,
  fails,
  lacks,
}: ContractModel): ModelFolder {
  return aRealModel({
    name,
    loadSeconds: loadMs / 1_000,
    inferSeconds: inferMs / 1_000,
    instanceCount: instances,
    parameters: { tag: 'A' },
    stablePyc: true,
    missingModelFile: lacks === 'file',
    ...(fails === 'memory' && { fail: 'exception' }),
  });
}

function withFiles(folder: ModelFolder, files: Readonly<Record<string, string>>): ModelFolder {
  return { ...folder, files: { ...folder.files, ...files } };
}

function withoutInstances({ files }: ModelFolder): string {
  return files['config.pbtxt']!.replace(/^instance_group.*$/m, '');
}
