import { configOf } from '../contract/model-config.js';
import type { ContractModel } from '../contract/stage.js';
import { until } from '../support/until.js';
import { countedRows, countsOf, type Lines, told } from './look.js';
import { BATCHED, modelNamed } from './models.js';
import type { Side } from './side.js';
import type { ConfigChange, Override, Step } from './step.js';
import { batch, type Ended, inference, type Message } from '../contract/wire.js';

/** Carries one step out on one server, and tells what it was answered. */
export async function play(side: Side, step: Step): Promise<Lines> {
  const answers = await carryOut(side, step);
  return answers.map(told);
}

async function carryOut(side: Side, step: Step): Promise<readonly Ended[]> {
  switch (step.kind) {
    case 'load':
      return [await load(side, step.model, step.override)];
    case 'load twice': {
      const answers = await Promise.all([1, 2].map(() => load(side, step.model, step.override)));
      // Which of two equal orders comes first is not defined.
      return answers.toSorted((one, other) => (told(one) < told(other) ? -1 : 1));
    }
    case 'unload':
      return [await unload(side, step.model, step.withSteps)];
    case 'unload, load':
      return [await unload(side, step.model, false), await load(side, step.model)];
    case 'infer':
      return inOrder(step.times, () => infer(side, step.model, inference(step.model, step.version)));
    case 'batch':
      return inferBatch(side, step.size);
    case 'ask':
      return [await ask(side, step)];
    default:
      await interfere(side, step);
      return [];
  }
}

type Interference = Exclude<
  Step,
  { kind: 'load' | 'load twice' | 'unload' | 'unload, load' | 'infer' | 'batch' | 'ask' }
>;

/** What no client can do: change files, end the process. */
async function interfere(side: Side, step: Interference): Promise<void> {
  switch (step.kind) {
    case 'write version':
      return side.stage.writeVersion(step.model, step.version, step.breaks);
    case 'write config':
      return side.stage.writeConfig(changed(modelNamed(step.model), step.change));
    case 'remove directory':
      return side.stage.removeDirectory(step.model);
    case 'restore directory':
      return side.stage.restoreDirectory(step.model);
    case 'kill':
      return side.kill();
    case 'start':
      return side.start();
    case 'restart':
      await side.kill();
      return side.start();
  }
}

function load(side: Side, model: string, override?: Override['is']): Promise<Ended> {
  const parameters: Message =
    override === undefined ? {} : { config: { string_param: configText(modelNamed(model), override) } };
  return side.call('RepositoryModelLoad', { model_name: model, parameters });
}

function unload(side: Side, model: string, withSteps: boolean): Promise<Ended> {
  const parameters = withSteps ? { unload_dependents: { bool_param: true } } : {};
  return side.call('RepositoryModelUnload', { model_name: model, parameters });
}

/** Resolves once the inference is counted: a real server answers a moment before. */
async function infer(side: Side, model: string, request: Message): Promise<Ended> {
  const before = await executionsOf(side, model);
  const answer = withoutTensors(await side.call('ModelInfer', request));
  if ('value' in answer) await until(async () => (await executionsOf(side, model)) > before);
  return answer;
}

async function executionsOf(side: Side, name: string): Promise<number> {
  const rows = countedRows(await side.call('ModelStatistics', { name }));
  return rows.reduce((sum, { execution_count }) => sum + execution_count, 0);
}

/** Which copy answered is told, not what it computed: the simulated one does not. */
function withoutTensors(answer: Ended): Ended {
  if (!('value' in answer)) return answer;
  const { model_name, model_version } = answer.value;
  return { code: 'OK', value: { model_name, model_version } };
}

async function inferBatch(side: Side, size: number): Promise<readonly Ended[]> {
  const begun = await load(side, BATCHED, 'in batches of two');
  if (!('value' in begun)) return [begun];
  const answer = await infer(side, BATCHED, batch(BATCHED, size));
  const counts = await ask(side, { kind: 'ask', what: 'ModelStatistics', model: BATCHED, version: '' });
  return [begun, answer, counts, await load(side, BATCHED, 'the same')];
}

async function ask(side: Side, step: Extract<Step, { kind: 'ask' }>): Promise<Ended> {
  const answer = await side.call(step.what, { name: step.model, version: step.version });
  if (step.what !== 'ModelStatistics' || !('value' in answer)) return answer;
  return { code: 'OK', value: { counts: countsOf(answer) } };
}

async function inOrder(times: number, one: () => Promise<Ended>): Promise<readonly Ended[]> {
  const answers: Ended[] = [];
  while (answers.length < times) answers.push(await one());
  return answers;
}

function changed(model: ContractModel, change: ConfigChange): ContractModel {
  switch (change) {
    case 'nothing':
      return model;
    case 'tag':
      return { ...model, tag: 'C' };
    case 'instances':
      return { ...model, instances: 3 };
    case 'all versions':
      return { ...model, servesAll: true };
    case 'another name':
      return { ...model, says: 'somebody' };
  }
}

const WARM_UP = [
  {
    name: 'w',
    batch_size: 1,
    count: 2,
    inputs: { IN: { data_type: 'TYPE_FP32', dims: [1], zero_data: true } },
  },
];

function configText(model: ContractModel, override: Override['is']): string {
  const base = configOf(model);
  const group = (fields: object): string => JSON.stringify({ ...base, instance_group: [fields] });
  const policy = (fields: object): string => JSON.stringify({ ...base, version_policy: fields });
  const texts: Record<Override['is'], () => string> = {
    'the same': () => JSON.stringify(base),
    'another tag': () => JSON.stringify(configOf({ ...model, tag: 'B' })),
    'two instances': () => group({ kind: 'KIND_CPU', count: 2 }),
    'all versions': () => policy({ all: {} }),
    'version 1': () => policy({ specific: { versions: [1] } }),
    'version 7': () => policy({ specific: { versions: [7] } }),
    failing: () => JSON.stringify(configOf({ ...model, fails: 'memory' })),
    'on GPU 0': () => group({ kind: 'KIND_GPU', gpus: [0] }),
    'on any GPU': () => group({ kind: 'KIND_GPU' }),
    'on the CPU, with a GPU': () => group({ kind: 'KIND_CPU', gpus: [0] }),
    empty: () => '{}',
    'not JSON': () => '{"name":',
    'an unknown field': () => JSON.stringify({ ...base, no_such_field: 1 }),
    'another name': () => JSON.stringify({ ...base, name: 'somebody' }),
    'warmed up': () => JSON.stringify({ ...base, model_warmup: WARM_UP }),
    'in batches of two': () => JSON.stringify({ ...base, max_batch_size: 2 }),
    'a backend that nobody has': () => JSON.stringify({ ...base, backend: 'nosuch' }),
    'an unknown kind': () => group({ kind: 'KIND_BOGUS' }),
    'a text for a number': () => JSON.stringify({ ...base, max_batch_size: 'many' }),
    'no version': () => policy({ latest: { num_versions: 0 } }),
  };
  return texts[override]();
}
