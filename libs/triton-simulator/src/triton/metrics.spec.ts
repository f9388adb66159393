import { describe, expect, it } from '@jest/globals';
import { TestBench } from './test-bench.js';

const a = { name: 'a', loadMs: 1000, unloadMs: 1100, inferMs: 100 };
const warmed = (fields: object) => ({ ...a, config: { backend: 'onnxruntime', ...fields } });

/** What the metrics say of model `a`: how often it succeeded, and how much waits; undefined without a series. */
function series({ sim }: TestBench): { count: number; pending: number } | undefined {
  const text = sim.metricsText()!;
  const of = (family: string) => new RegExp(`${family}{model="a",version="1"} (\\d+)`).exec(text)?.[1];
  const [count, pending] = [of('nv_inference_request_success'), of('nv_inference_pending_request_count')];
  return count === undefined ? undefined : { count: Number(count), pending: Number(pending) };
}

const inferred = (bench: TestBench) => bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply));
const statistics = (bench: TestBench) => bench.ask((reply) => bench.sim.statistics('a', '', reply));

describe('the series of a model', () => {
  it('are there while it loads, and gone with it, all but the failures', () => {
    const bench = new TestBench({ models: [a] });
    expect(series(bench)).toBeUndefined();
    bench.load('a');
    bench.agenda.advance(500);
    expect(series(bench)).toEqual({ count: 0, pending: 0 });
    bench.agenda.advance(600);
    bench.unload('a');
    bench.agenda.advance(1000);
    expect(series(bench)).toEqual({ count: 0, pending: 0 });
    bench.agenda.advance(200);
    expect(series(bench)).toBeUndefined();
    expect(bench.sim.metricsText()).toContain('nv_inference_request_failure{model="a",reason="OTHER"');
  });

  it('count on through a full reload, which the statistics do not', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    inferred(bench);
    bench.loaded('a', { backend: 'onnxruntime', parameters: { tag: { string_value: 'B' } } });
    expect(series(bench)).toEqual({ count: 1, pending: 0 });
    expect(statistics(bench)).toMatchObject({ ok: [{ inferenceCount: 0 }] });
  });

  it('of a new copy show the queue and the counts of the one behind it', () => {
    const bench = new TestBench({ models: [{ ...a, inferMs: 4000 }] });
    bench.loaded('a');
    for (let sent = 0; sent < 3; sent += 1) bench.infer('a');
    bench.unload('a');
    expect(series(bench)).toEqual({ count: 0, pending: 2 });
    expect(bench.loaded('a')).toEqual({ ok: {} });
    expect(series(bench)).toEqual({ count: 0, pending: 2 });
    expect(bench.sim.gauges()).toMatchObject({ pending: [{ model: 'a', requests: 2 }] });
    bench.agenda.advance(3100);
    expect(series(bench)).toEqual({ count: 1, pending: 1 });
    expect(statistics(bench)).toMatchObject({ ok: [{ inferenceCount: 0 }] });
  });

  it('begin anew where the old copy has gone', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    inferred(bench);
    bench.unload('a');
    bench.agenda.advance(1200);
    bench.loaded('a');
    expect(series(bench)).toEqual({ count: 0, pending: 0 });
  });
});

describe('a warm-up', () => {
  it('counts as inferences of each instance at the load, in the statistics and in the metrics', () => {
    const model_warmup = [{ name: 'w', batch_size: 1, count: 2 }];
    const instance_group = [{ kind: 'KIND_CPU', count: 2 }];
    const bench = new TestBench({ models: [warmed({ model_warmup, instance_group })] });
    bench.loaded('a');
    expect(statistics(bench)).toMatchObject({
      ok: [
        { inferenceCount: 4, executionCount: 4, success: { count: 4 }, lastInference: expect.any(Number) },
      ],
    });
    expect(statistics(bench)).not.toMatchObject({ ok: [{ lastInference: 0 }] });
    expect(series(bench)).toEqual({ count: 4, pending: 0 });
  });

  it('of a batch is so many requests in one execution, and nothing without a batch size', () => {
    const of = (sample: object) => {
      const bench = new TestBench({ models: [warmed({ max_batch_size: 4, model_warmup: [sample] })] });
      bench.loaded('a');
      return statistics(bench);
    };
    const counts = { inferenceCount: 2, executionCount: 1, success: { count: 2 } };
    expect(of({ batch_size: 2 })).toMatchObject({ ok: [counts] });
    expect(of({})).toMatchObject({ ok: [{ inferenceCount: 0, lastInference: 0 }] });
  });
});

describe('a batch', () => {
  it('of two is two inferences of one request, in one execution', () => {
    const bench = new TestBench({ models: [warmed({ max_batch_size: 4 })] });
    bench.loaded('a');
    bench.ask((reply) => bench.sim.infer({ model: 'a', batchSize: 2 }, reply));
    expect(statistics(bench)).toMatchObject({
      ok: [{ inferenceCount: 2, executionCount: 1, success: { count: 1 }, batches: [{ size: 2 }] }],
    });
    const message = "[request id: <id_unknown>] inference request batch-size must be <= 4 for 'a'";
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a', batchSize: 5 }, reply))).toEqual({
      error: { code: 'INVALID_ARGUMENT', message },
    });
  });

  it('is one inference of a model that takes none', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    bench.ask((reply) => bench.sim.infer({ model: 'a', batchSize: 2 }, reply));
    expect(statistics(bench)).toMatchObject({ ok: [{ inferenceCount: 1, batches: [{ size: 1 }] }] });
  });
});

describe('the metrics of a process that has just started', () => {
  it('are refused, and then tell a host without memory, at each start anew', () => {
    const options = { metricsAfterMs: 90, hostMemoryAfterMs: 1_000 };
    const bench = new TestBench({ models: [], options });
    for (const start of ['first', 'second']) {
      expect([start, bench.sim.gauges(), bench.sim.metricsText()]).toEqual([start, undefined, undefined]);
      bench.agenda.advance(90);
      expect(bench.sim.gauges()).toMatchObject({ hostMemory: 0, gpus: [{ memory: 100 }] });
      expect(bench.sim.metricsText()).toContain('nv_cpu_memory_total_bytes 0\n');
      bench.agenda.advance(910);
      expect(bench.sim.gauges()).toMatchObject({ hostMemory: 1_000 });
      bench.sim.kill();
      bench.sim.start();
    }
  });
});
