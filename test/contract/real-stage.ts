import { join } from 'node:path';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
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
  const { controlMode = 'explicit', restriction, autoComplete = false } = options;
  const second = await mkdtemp(join(tmpdir(), 'berth-second-repository-'));
  const triton = await kit.start({
    models: options.models.map(folderOf),
    controlMode,
    extraArgs: [
      ...(autoComplete ? [] : ['--disable-auto-complete-config']),
      `--model-repository=${second}`,
      ...(restriction
        ? [`--grpc-restricted-protocol=model-repository:${restriction.key}=${restriction.value}`]
        : []),
    ],
  });
  return stageOf(triton, options.models, second);
}

function stageOf(triton: RealTriton, models: readonly ContractModel[], second: string): Stage {
  const folders = new Map(models.map((model) => [model.name, folderOf(model)]));
  const byName = new Map(models.map((model) => [model.name, model]));
  let writings = 0;
  const write = (name: string, files: Files) => writeLater(triton.repository, name, files);
  return {
    grpc: triton.grpc,
    http: triton.http,
    metrics: triton.metrics,
    kill: async () => void (await triton.kill()),
    start: () => triton.restart(),
    terminate: async () => void (await triton.stop()),
    touchFiles: (model) => triton.addModel(folders.get(model)!),
    writeVersion: (model, version, breaks) =>
      write(model, versionFiles(byName.get(model)!, version, breaks, (writings += 1))),
    writeConfig: (model) => write(model.name, { 'config.pbtxt': folderOf(model).files['config.pbtxt']! }),
    removeDirectory: (model) => triton.removeModelDirectory(model),
    restoreDirectory: (model) => triton.restoreModelDirectory(model),
    duplicate: (model) => writeModel(second, folders.get(model)!),
    crashModel: (model) => triton.stubPids(model).forEach((pid) => void process.kill(pid, 'SIGKILL')),
    isExecuting: (model) => triton.events(model).at(-1)?.what === 'execute',
    ended: async () => void (await triton.exited()),
    close: async () => {
      await triton.discard();
      await rm(second, { recursive: true, force: true });
    },
  };
}

type Files = Readonly<Record<string, string>>;

/** The clock of a file system is some milliseconds coarse, and Triton compares files with its own: so we say the time. */
async function writeLater(repository: string, name: string, files: Files): Promise<void> {
  await writeModel(repository, { name, folders: [], files });
  const now = Date.now() / 1_000;
  await Promise.all(Object.keys(files).map((path) => utimes(join(repository, name, path), now, now)));
}

const EXCEPTION_PY = `class TritonPythonModel:
    def initialize(self, args):
        raise ValueError("it will not")
`;

/** Python takes byte code for valid while the source has the same size and second: so every writing is longer. */
function versionFiles(model: ContractModel, version: number, breaks: boolean, writing: number): Files {
  const source = breaks ? EXCEPTION_PY : pythonFolderOf(model).files['1/model.py'];
  return {
    [`${version}/model.py`]: `${source}#${'.'.repeat(writing)}\n`,
    ...(model.writesByteCode !== true && { [`${version}/__pycache__`]: '' }),
  };
}

function folderOf(model: ContractModel): ModelFolder {
  const { name, steps, instances, fails, lacks, versions = [1] } = model;
  if (steps) return anEnsemble({ name, steps });
  const folder = pythonFolderOf(model);
  const config = configText(folder, model);
  if (instances === 0) return withFiles(folder, { 'config.pbtxt': withoutInstances(folder) });
  if (lacks === 'version') return { name, folders: [], files: { 'config.pbtxt': config } };
  if (lacks === 'file') return folder;
  const more = versions.map((version) => versionFiles(model, version, fails === 'exception', 0));
  return withFiles(folder, Object.assign({ 'config.pbtxt': config }, ...more) as Files);
}

function pythonFolderOf(model: ContractModel): ModelFolder {
  const { name, loadMs = 0, inferMs = 0, instances = 1, fails, lacks, tag = 'A' } = model;
  return aRealModel({
    name,
    loadSeconds: loadMs / 1_000,
    inferSeconds: inferMs / 1_000,
    instanceCount: instances,
    parameters: { tag },
    stablePyc: model.writesByteCode !== true,
    missingModelFile: lacks === 'file',
    ...(fails === 'memory' && { fail: 'exception' }),
  });
}

function withFiles(folder: ModelFolder, files: Files): ModelFolder {
  return { ...folder, files: { ...folder.files, ...files } };
}

function configText({ files }: ModelFolder, { name, says = name, servesAll }: ContractModel): string {
  const text = files['config.pbtxt']!.replace(`name: "${name}"`, `name: "${says}"`);
  return text + (servesAll === true ? 'version_policy { all {} }\n' : '');
}

function withoutInstances({ files }: ModelFolder): string {
  return files['config.pbtxt']!.replace(/^instance_group.*$/m, '');
}
