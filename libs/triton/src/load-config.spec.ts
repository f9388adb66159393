import { describe, expect, it } from '@jest/globals';
import type { ModelId } from '#core';
import { configParameter } from './load-config.js';

const build = (base: object, gpus: number[] = [1]) =>
  JSON.parse(configParameter('m' as ModelId, { base: JSON.stringify(base), gpus })) as unknown;

describe('the config of a load', () => {
  it('has one group on the chosen GPUs and keeps all the rest', () => {
    const base = {
      name: 'm',
      backend: 'onnxruntime',
      parameters: { a: { string_value: 'b' } },
      instance_group: [
        { kind: 'KIND_CPU', count: 4 },
        { kind: 'KIND_GPU', name: 'g', count: 2, gpus: [0], profile: ['1'], host_policy: 'gpu_0' },
      ],
    };
    expect(build(base, [3, 1, 3])).toEqual({
      ...base,
      instance_group: [{ kind: 'KIND_GPU', name: 'g', count: 2, gpus: [1, 3], profile: ['1'] }],
    });
  });

  it('takes one instance where the base says nothing', () => {
    expect(build({})).toEqual({ instance_group: [{ kind: 'KIND_GPU', count: 1, gpus: [1] }] });
  });

  it('leaves out the name of another model, which Triton would refuse', () => {
    expect(build({ name: 'other' })).not.toHaveProperty('name');
  });

  it('replaces the group also under its other name, and never doubles it', () => {
    expect(build({ instanceGroup: [{ kind: 'KIND_GPU', count: 3 }] })).toEqual({
      instance_group: [{ kind: 'KIND_GPU', count: 3, gpus: [1] }],
    });
  });

  it('leaves the groups alone where no GPU is chosen', () => {
    const base = { instance_group: [{ kind: 'KIND_MODEL', count: 1 }] };
    expect(build(base, [])).toEqual(base);
  });

  it.each(['KIND_CPU', 'KIND_MODEL'])('leaves %s alone, whatever GPU was chosen', (kind) => {
    const base = { instance_group: [{ kind, count: 2 }] };
    expect(build(base, [1])).toEqual(base);
  });

  it('is the same text for the same config in another order', () => {
    const text = (base: string) => configParameter('m' as ModelId, { base, gpus: [0] });
    expect(text('{"backend":"x","parameters":{"b":1,"a":[2,1]}}')).toBe(
      text('{"parameters":{"a":[2,1],"b":1},"backend":"x"}'),
    );
  });

  it.each(['{', '[]', '1', 'null'])('refuses the base %s', (base) => {
    expect(() => configParameter('m' as ModelId, { base, gpus: [] })).toThrow();
  });
});
