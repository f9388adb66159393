import { describe, expect, it } from '@jest/globals';
import { describeConfig } from './model-description.js';
import { type ConfigMessage, loadProtocol } from './protocol.js';

/** As it comes from Triton: through the wire and our decoder. */
function describeSent(config: object) {
  const { responseSerialize, responseDeserialize } = loadProtocol()['ModelConfig']!;
  const answer = responseDeserialize(responseSerialize({ config })) as { config: ConfigMessage };
  return describeConfig(answer.config);
}

describe('the description of a model', () => {
  it('keeps every field, also those that Berth never uses, and adds none', () => {
    const config = {
      backend: 'tensorrt',
      dynamic_batching: {
        default_queue_policy: { timeout_action: 'DELAY', default_timeout_microseconds: '9007199254740993' },
        priority_levels: '2',
        priority_queue_policy: { '2': { max_queue_size: 7 }, '9007199254740995': {} },
      },
      input: [{ data_type: 'TYPE_FP32', dims: ['3', '-1'], name: 'IN', reshape: { shape: ['3'] } }],
      instance_group: [
        { gpus: [0], kind: 'KIND_GPU', rate_limiter: { resources: [{ count: 1, global: true, name: 'R' }] } },
      ],
      model_warmup: [{ batch_size: 1, inputs: { IN: { dims: ['1'], zero_data: false } }, name: 'w' }],
      name: 'm',
      optimization: { cuda: { graphs: true }, input_pinned_memory: {} },
      version_policy: { all: {} },
    };
    expect(JSON.parse(describeSent(config).config.json)).toEqual(config);
  });

  it.each([
    [
      'gpu',
      [
        { kind: 'KIND_GPU', count: 2, gpus: [1, 0] },
        { kind: 'KIND_GPU', count: 1, gpus: [1] },
      ],
      [0, 1],
      3,
    ],
    [
      'gpu',
      [
        { kind: 'KIND_CPU', count: 5 },
        { kind: 'KIND_GPU', count: 1, gpus: [2] },
      ],
      [2],
      1,
    ],
    ['gpu', [{ kind: 'KIND_AUTO', count: 1, gpus: [0] }], [0], 1],
    ['gpu', [{ kind: 'KIND_GPU', count: 1 }], [], 1],
    [
      'cpu',
      [
        { kind: 'KIND_CPU', count: 2 },
        { kind: 'KIND_CPU', count: 1 },
      ],
      [],
      3,
    ],
    ['cpu', [], [], 1],
    ['model', [{ kind: 'KIND_MODEL', count: 1 }], [], 1],
  ] as const)('finds it on a %s (%#)', (kind, instance_group, gpus, count) => {
    expect(describeSent({ instance_group }).config).toMatchObject({ kind, gpus, count });
  });

  it('names each step of an ensemble once', () => {
    const step = ['a', 'b', 'a', '../c'].map((model_name) => ({ model_name }));
    expect(describeSent({ ensemble_scheduling: { step } }).steps).toEqual(['a', 'b']);
  });
});
