import type { ConfigJson } from '#triton-simulator';
import type { ContractModel } from './stage.js';

/** What lies in a model's `config.pbtxt`, in Triton's JSON form: what the real one reads, and the simulated one is given. */
export function configOf(model: ContractModel): ConfigJson {
  const tensor = (name: string) => [{ name, data_type: 'TYPE_FP32', dims: [1] }];
  const common = { max_batch_size: 0, input: tensor('IN'), output: tensor('OUT'), ...policyOf(model) };
  if (model.steps)
    return { platform: 'ensemble', ...common, ensemble_scheduling: { step: stepsOf(model.steps) } };
  const { instances = 1 } = model;
  return {
    backend: 'python',
    ...(model.says !== undefined && { name: model.says }),
    ...common,
    ...(instances > 0 && { instance_group: [{ kind: 'KIND_CPU', count: instances }] }),
    parameters: parametersOf(model),
  };
}

function policyOf({ servesAll }: ContractModel): ConfigJson {
  return servesAll === true ? { version_policy: { all: {} } } : {};
}

function stepsOf(steps: readonly string[]): readonly object[] {
  const tensors = ['IN', ...steps.slice(1).map((_, at) => `between_${at + 1}`), 'OUT'];
  return steps.map((name, at) => ({
    model_name: name,
    model_version: -1,
    input_map: { IN: tensors[at] },
    output_map: { OUT: tensors[at + 1] },
  }));
}

function parametersOf({ loadMs = 0, inferMs = 0, fails, tag = 'A' }: ContractModel): object {
  const texts = {
    load_seconds: String(loadMs / 1_000),
    infer_seconds: String(inferMs / 1_000),
    finalize_seconds: '0',
    alloc_mb: '1',
    fail: fails === 'memory' ? 'exception' : '',
    tag,
  };
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, { string_value: text }]));
}
