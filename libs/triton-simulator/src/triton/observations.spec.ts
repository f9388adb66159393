import { describe, expect, it } from '@jest/globals';
import { sampleModels } from './sample-models.js';
import { TestBench } from './test-bench.js';

const a = { name: 'a', gpuBytes: 30, loadMs: 1000, unloadMs: 1100, inferMs: 100 };
const unknown = "Request for unknown model: 'a'";

describe('a call about a model', () => {
  it.each([
    ['', 'NOT_FOUND', `${unknown} is not found`],
    ['1', 'NOT_FOUND', `${unknown} is not found`],
    [
      'abc',
      'INVALID_ARGUMENT',
      "failed to get model version from specified version string 'abc' (details: stol), version should be an integral value > 0",
    ],
    [
      '-1',
      'INVALID_ARGUMENT',
      "invalid model version specified '-1' , version should be an integral value > 0",
    ],
  ])('that was never loaded is refused (version "%s")', (version, code, message) => {
    const bench = new TestBench({ models: [a] });
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a', version }, reply))).toEqual({
      error: { code, message },
    });
    expect(bench.ask((reply) => bench.sim.modelConfig('a', version, reply))).toEqual({
      error: { code, message },
    });
  });

  it.each([
    ['', 'NOT_FOUND', `${unknown} has no available versions`],
    ['1', 'UNAVAILABLE', `${unknown} version 1 is not at ready state`],
    ['9', 'NOT_FOUND', `${unknown} version 9 is not found`],
  ])('that is not READY is refused (version "%s")', (version, code, message) => {
    const bench = new TestBench({ models: [a] });
    bench.load('a');
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a', version }, reply))).toEqual({
      error: { code, message },
    });
    expect(bench.ask((reply) => bench.sim.modelReady('a', version, reply))).toEqual({ ok: false });
  });

  it('that serves tells its tensors', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a', {
      backend: 'pytorch',
      max_batch_size: 8,
      input: [{ name: 'TEXT', data_type: 'TYPE_STRING', dims: [1] }],
    });
    expect(bench.ask((reply) => bench.sim.modelMetadata('a', '', reply))).toEqual({
      ok: {
        name: 'a',
        versions: ['1'],
        platform: 'pytorch',
        inputs: [{ name: 'TEXT', datatype: 'BYTES', shape: [-1, 1] }],
        outputs: [],
      },
    });
  });

  it('that lacks an input is refused, and counted nowhere', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a', inputs: [] }, reply))).toEqual({
      error: {
        code: 'INVALID_ARGUMENT',
        message:
          "[request id: <id_unknown>] expected 1 inputs but got 0 inputs for model 'a'. Got input(s) [], but missing required input(s) ['IN']. Please provide all required input(s).",
      },
    });
    expect(bench.ask((reply) => bench.sim.statistics('a', '', reply))).toMatchObject({
      ok: [{ inferenceCount: 0, fail: { count: 0 } }],
    });
  });
});

describe('statistics', () => {
  it('date the last inference by its end', () => {
    const bench: TestBench = new TestBench({
      models: [a],
      options: { wallClock: () => 1_000_000 + bench.agenda.now() },
    });
    bench.loaded('a');
    bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply));
    expect(bench.ask((reply) => bench.sim.statistics('a', '1', reply))).toMatchObject({
      ok: [{ lastInference: 1_001_101, inferenceCount: 1, success: { count: 1, ns: 100_000_000 } }],
    });
  });

  it('are refused for what does not serve, which the list of all leaves out', () => {
    const bench = new TestBench({ models: [a] });
    expect(bench.ask((reply) => bench.sim.statistics('a', '', reply))).toHaveProperty(
      'error.message',
      "requested model 'a' is not available",
    );
    expect(bench.ask((reply) => bench.sim.statistics('', '7', reply))).toEqual({ ok: [] });
    bench.loaded('a');
    expect(bench.ask((reply) => bench.sim.statistics('a', '9', reply))).toHaveProperty(
      'error.message',
      "requested model version is not available for model 'a'",
    );
  });

  it('show a queue, but never what executes', () => {
    const bench = new TestBench({ models: [a] });
    const pending = (): string | undefined =>
      /pending_request_count{model="a",version="1"} (\d+)/.exec(bench.sim.metricsText()!)?.[1];
    bench.loaded('a');
    for (let sent = 0; sent < 3; sent += 1) bench.infer('a');
    expect(pending()).toBe('2');
    bench.agenda.advance(250);
    expect(pending()).toBe('0');
  });
});

describe('readiness', () => {
  const ready = (bench: TestBench): unknown => bench.ask((reply) => bench.sim.serverReady(reply));

  it('does not depend on models unless it is strict', () => {
    const bench = new TestBench({ models: [{ ...a, failWith: 'no' }] });
    bench.loaded('a');
    expect(ready(bench)).toEqual({ ok: true });
  });

  it('is false, when strict, while anything loads or unloads, and after any failure', () => {
    const models = [a, { ...a, name: 'f', failWith: 'no' }];
    const bench = new TestBench({ models, options: { strictReadiness: true } });
    const seen: unknown[] = [ready(bench)];
    bench.load('a');
    seen.push(ready(bench));
    bench.agenda.advance(1100);
    seen.push(ready(bench));
    bench.unload('a');
    seen.push(ready(bench));
    bench.agenda.advance(1200);
    seen.push(ready(bench));
    bench.loaded('f');
    seen.push(ready(bench));
    expect(seen.map((answer) => (answer as { ok: boolean }).ok)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('the sample', () => {
  it('has a dozen models that fit a GPU of 24 GB one by one, resnet50 and an ensemble among them', () => {
    const names = sampleModels.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(12);
    expect(names).toContain('resnet50');
    expect(sampleModels.some(({ steps }) => steps !== undefined)).toBe(true);
    expect(sampleModels.every(({ gpuBytes = 0 }) => gpuBytes < 24_576 * 2 ** 20)).toBe(true);
  });
});
