import { describe, expect, it } from '@jest/globals';
import { TestBench } from './test-bench.js';

const a = { name: 'a', gpuBytes: 20, hostBytes: 5, loadMs: 1000, unloadMs: 1000 };
const onGpus = (gpus: readonly number[], more: object = {}): object => ({
  instance_group: [{ kind: 'KIND_GPU', gpus }],
  ...more,
});

function configOf(bench: TestBench): unknown {
  return bench.ask((reply) => bench.sim.modelConfig('a', '', reply));
}

describe('instance groups', () => {
  it('put a copy on every GPU when there are none', () => {
    const bench = new TestBench({ models: [a], gpus: 3 });
    bench.loaded('a');
    expect([0, 1, 2, 'host' as const].map((place) => bench.sim.memoryUsed(place))).toEqual([20, 20, 20, 15]);
  });

  it('put the model into host memory on a server without GPUs', () => {
    const bench = new TestBench({ models: [a], gpus: 0 });
    bench.loaded('a');
    expect(bench.sim.memoryUsed('host')).toBe(25);
  });

  it('count for each GPU they list', () => {
    const bench = new TestBench({ models: [a], gpus: 2 });
    bench.loaded('a', { instanceGroup: [{ kind: 'kind_gpu', gpus: ['1'], count: 2 }] });
    expect([0, 1].map((place) => bench.sim.memoryUsed(place))).toEqual([0, 40]);
  });

  it.each([
    [
      2,
      onGpus([7]),
      'specifies invalid or unsupported gpu id 7. GPUs with at least the minimum required CUDA compute compatibility of 6.000000 are: 0, 1',
    ],
    [
      0,
      onGpus([0]),
      'specifies invalid or unsupported gpu id 0. GPUs with at least the minimum required CUDA compute compatibility of 6.000000 are: ',
    ],
    [0, { instance_group: [{ kind: 'KIND_GPU' }] }, 'has kind KIND_GPU but no GPUs are available'],
    [
      0,
      { instance_group: [{ kind: 'KIND_AUTO', gpus: [0] }] },
      'has kind KIND_CPU but specifies one or more GPUs',
    ],
  ])('are refused where they cannot be (%i GPUs, %j)', (gpus, config, problem) => {
    const bench = new TestBench({ models: [a], gpus });
    const reason = `Invalid argument: instance group a_0 of model a ${problem}`;
    expect(bench.loaded('a', config)).toEqual({
      error: {
        code: 'INVALID_ARGUMENT',
        message: `load failed for model 'a': version 1 is at UNAVAILABLE state: ${reason};\n`,
      },
    });
    expect(bench.index()[0]?.reason).toBe(reason);
  });

  it('change in place: the new instance comes up before the old one goes', () => {
    const bench = new TestBench({ models: [a], gpus: 2 });
    bench.loaded('a', onGpus([0]));
    const id = bench.sim.copies()[0]?.id;
    const move = bench.load('a', onGpus([1]));
    bench.agenda.advance(1500);
    expect([0, 1].map((place) => bench.sim.memoryUsed(place))).toEqual([20, 20]);
    bench.agenda.advance(1000);
    expect(move.answer).toEqual({ ok: {} });
    expect([0, 1].map((place) => bench.sim.memoryUsed(place))).toEqual([0, 20]);
    expect(bench.sim.copies().map((copy) => copy.id)).toEqual([id]);
  });

  it('that cannot change in place leave a READY row with the reason, until one can', () => {
    const bench = new TestBench({ models: [a], gpus: 0 });
    bench.loaded('a');
    const reason =
      'Invalid argument: instance group a_0 of model a has kind KIND_GPU but no GPUs are available';
    expect(bench.loaded('a', { backend: 'onnxruntime', ...onGpus([]) })).toHaveProperty('error');
    const disk = bench.sim.repository.model('a')!.config;
    expect(bench.loaded('a', { ...disk, ...onGpus([]) })).toMatchObject({
      error: { message: `load failed for model 'a': version 1 is at READY state: ${reason};\n` },
    });
    expect(bench.rows('a')).toEqual([`1 READY ${reason}`]);
    bench.loaded('a', disk);
    expect(bench.rows('a')).toEqual(['1 READY']);
  });
});

describe('the config of a load', () => {
  it.each([['{'], [''], ['[]'], ['{"nonsense":1}'], ['{"name":"other"}']])(
    'is refused without a reason when it cannot be read: %s',
    (config) => {
      const bench = new TestBench({ models: [a] });
      expect(bench.ask((reply) => bench.sim.load('a', { config }, reply))).toEqual({
        error: { code: 'INTERNAL', message: "failed to load 'a', failed to poll from model repository" },
      });
    },
  );

  it('must be a string, and may be joined only by files', () => {
    const bench = new TestBench({ models: [a] });
    const refused = (parameters: Record<string, string | boolean>): unknown =>
      bench.ask((reply) => bench.sim.load('a', parameters, reply));
    expect(refused({ config: true })).toMatchObject({
      error: { message: "invalid value type for load parameter 'config', expected string_param." },
    });
    expect(refused({ bogus: 'x' })).toMatchObject({
      error: { message: "unrecognized load parameter 'bogus'." },
    });
    expect(refused({ 'file:1/m': 'x' })).toHaveProperty('error.code', 'INVALID_ARGUMENT');
  });

  it('that is the serving one has no effect; another one is a reload', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a', onGpus([0], { parameters: { tag: { string_value: 'A' } } }));
    bench.load('a', onGpus([0], { parameters: { tag: { string_value: 'A' } } }));
    bench.agenda.advance(100);
    expect(bench.sim.copies()).toHaveLength(1);
    bench.load('a', onGpus([0], { parameters: { tag: { string_value: 'B' } } }));
    bench.agenda.advance(100);
    expect(bench.sim.copies()).toHaveLength(2);
  });

  it('stays through plain loads until something in the directory is newer', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a', { backend: 'pytorch' });
    bench.loaded('a');
    expect(configOf(bench)).toMatchObject({ ok: { backend: 'pytorch' } });
    bench.sim.repository.touch('a', 'config');
    bench.loaded('a');
    expect(configOf(bench)).toMatchObject({ ok: { backend: 'onnxruntime' } });
  });

  it('is lost at the next plain load of a cold Python model', () => {
    const bench = new TestBench({ models: [{ ...a, python: true }] });
    bench.loaded('a', { backend: 'python', parameters: { tag: { string_value: 'A' } } });
    bench.loaded('a');
    expect(configOf(bench)).not.toHaveProperty('ok.parameters');
  });

  it('is forgotten when it failed, and after an unload', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a', onGpus([9]));
    expect(bench.loaded('a')).toEqual({ ok: {} });
    bench.loaded('a', { backend: 'pytorch' });
    bench.unload('a');
    bench.agenda.advance(5000);
    bench.loaded('a');
    expect(configOf(bench)).toMatchObject({ ok: { name: 'a', backend: 'onnxruntime' } });
  });

  it('with files makes a model that serves and has no row', () => {
    const bench = new TestBench({ models: [] });
    const files = { 'file:1/model.onnx': new Uint8Array(8) };
    expect(bench.ask((reply) => bench.sim.load('f', files, reply))).toHaveProperty('error.code', 'INTERNAL');
    bench.ask((reply) => bench.sim.load('f', { ...files, config: '{"backend":"onnxruntime"}' }, reply));
    expect(bench.index()).toEqual([]);
    expect(bench.ask((reply) => bench.sim.modelReady('f', '', reply))).toEqual({ ok: true });
    expect(bench.sim.memoryUsed(0)).toBe(8);
  });
});

describe('a config', () => {
  const refused = (change: object) => new TestBench({ models: [a] }).loaded('a', change);

  it.each([
    { instance_group: [{ kind: 'KIND_BOGUS' }] },
    { instance_group: [{ kind: 'KIND_CPU', bogus: 1 }] },
    { instance_group: 'x' },
    { max_batch_size: true },
    { backend: 3 },
    { parameters: { a: 'x' } },
    { version_policy: { latest: { num_versions: -1 } } },
    { version_policy: { all: {}, latest: { num_versions: 1 } } },
  ])('is not read that has %j', (change) => {
    expect(refused(change)).toMatchObject({ error: { code: 'INTERNAL' } });
  });

  it.each([
    [{ backend: 'nosuch' }, "unable to find backend library for backend 'nosuch'"],
    [{ version_policy: { latest: { num_versions: 0 } } }, 'at least one version must be available'],
  ])('is refused that has %j', (change, text) => {
    const error = { code: 'INVALID_ARGUMENT', message: expect.stringContaining(text) };
    expect(refused(change)).toEqual({ error });
  });

  it('on disk that has another name is not read', () => {
    const bench = new TestBench({ models: [{ ...a, config: { name: 'b', backend: 'python' } }] });
    expect(bench.loaded('a')).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(bench.rows('a')).toEqual(['']);
  });

  it('of a Python model with a blank or a quote in its name never ends its load', () => {
    for (const name of ['a b', 'a"b']) {
      const bench = new TestBench({ models: [{ ...a, name, python: true }] });
      const load = bench.load(name);
      bench.agenda.advance(600_000);
      expect([load.answer, bench.rows(name)]).toEqual([undefined, ['1 LOADING']]);
    }
  });
});
