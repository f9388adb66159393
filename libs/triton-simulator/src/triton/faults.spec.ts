import { describe, expect, it } from '@jest/globals';
import { parseFault } from './faults.js';
import type { ModelStatistics } from './statistics.js';
import { TestBench } from './test-bench.js';

const config = { backend: 'python', instance_group: [{ kind: 'KIND_GPU', gpus: [0] }] };
const a = { name: 'a', gpuBytes: 30, loadMs: 1000, unloadMs: 1100, inferMs: 3000, config };
const b = { ...a, name: 'b' };

function loadedBench(): TestBench {
  const bench = new TestBench({ models: [a, b] });
  bench.loaded('a');
  return bench;
}

describe('memory', () => {
  it('that is not there fails a load in the words of its backend', () => {
    const models = [a, { ...b, gpuBytes: 80, backend: 'pytorch' as const }];
    const bench = new TestBench({ models });
    bench.loaded('a');
    expect(bench.loaded('b')).toMatchObject({
      error: {
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('CUDA out of memory. Tried to allocate'),
      },
    });
    expect(bench.sim.memoryUsed(0)).toBe(30);
    expect(bench.sim.peakExceeded).toBe(true);
    expect(bench.rows('a')).toEqual(['1 READY']);
    bench.sim.inject({ kind: 'restart' });
    expect(bench.sim.peakExceeded).toBe(true);
    bench.agenda.advance(1001);
    expect(bench.sim.peakExceeded).toBe(false);
  });

  it('that is not there may kill the whole process', () => {
    const bench = new TestBench({ models: [a, { ...b, gpuBytes: 80 }] });
    bench.loaded('a');
    bench.sim.inject({ kind: 'oomKillsProcess' });
    expect(bench.loaded('b')).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    expect(bench.sim.phase).toBe('down');
  });

  it('may come back late, stay in part, or be taken by other processes', () => {
    const bench = loadedBench();
    bench.sim.inject({ kind: 'memoryBackLate', ms: 5000 });
    bench.sim.inject({ kind: 'residue', model: 'a', bytes: 4 });
    bench.sim.inject({ kind: 'foreignMemory', device: 0, bytes: 10 });
    bench.unload('a');
    bench.agenda.advance(1200);
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE unloaded']);
    expect(bench.sim.memoryUsed(0)).toBe(40);
    bench.agenda.advance(5000);
    expect(bench.sim.memoryUsed(0)).toBe(14);
    bench.loaded('a');
    expect(bench.sim.memoryUsed(0)).toBe(40);
    bench.sim.inject({ kind: 'restart' });
    bench.agenda.advance(1001);
    expect(bench.sim.memoryUsed(0)).toBe(10);
  });

  it('shows in the metrics at their own pace', () => {
    const bench = loadedBench();
    const used = (): string | undefined =>
      /nv_gpu_memory_used_bytes{gpu_uuid="GPU-0"} (\d+)/.exec(bench.sim.metricsText()!)?.[1];
    expect(used()).toBe('0');
    bench.agenda.runUntil(2001);
    expect(used()).toBe('30');
    bench.sim.inject({ kind: 'metricsDown' });
    expect(bench.sim.metricsText()).toBeUndefined();
  });
});

describe('death', () => {
  it('breaks every open call, frees everything, and forgets all but the startup models', () => {
    const bench = new TestBench({ models: [a, b], options: { startupModels: ['b'] } });
    expect(bench.sim.phase).toBe('starting');
    expect(bench.ask((reply) => bench.sim.serverLive(reply))).toHaveProperty('error.code', 'UNAVAILABLE');
    bench.agenda.advance(1000);
    const load = bench.load('a');
    bench.agenda.advance(10);
    bench.sim.inject({ kind: 'kill' });
    bench.agenda.advance(1);
    expect(load.answer).toHaveProperty('error.code', 'UNAVAILABLE');
    expect(bench.sim.memoryUsed(0)).toBe(0);
    expect(bench.ask((reply) => bench.sim.serverLive(reply))).toHaveProperty('error.code', 'UNAVAILABLE');
    bench.sim.start();
    bench.agenda.advance(1000);
    expect(bench.index().map(({ state }) => state)).toEqual(['', 'READY']);
    expect(bench.sim.incarnation).toBe(2);
  });

  it('by SIGTERM waits for what runs, says that it leaves, and exits with 0', () => {
    const bench = loadedBench();
    const infer = bench.infer('a');
    const load = bench.load('b');
    bench.agenda.advance(10);
    bench.sim.inject({ kind: 'terminate' });
    const answers = [
      bench.ask((reply) => bench.sim.serverLive(reply)),
      bench.ask((reply) => bench.sim.modelReady('a', '', reply)),
      bench.ask((reply) => bench.sim.load('b', {}, reply)),
      bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply)),
    ];
    expect(answers.map((answer) => ('error' in answer ? answer.error.message : ''))).toEqual([
      'Server exiting',
      'Server not ready',
      'Server not ready',
      "Request for unknown model: 'a' has no available versions",
    ]);
    bench.agenda.advance(10_000);
    expect([infer.answer, load.answer]).toEqual([{ ok: { model: 'a', version: '1' } }, { ok: {} }]);
    expect(bench.exits).toEqual([0]);
  });

  it('by SIGTERM takes the whole time and exits with 1 when a load is stuck', () => {
    const bench = new TestBench({ models: [{ ...a, missingModelFile: true }] });
    bench.load('a');
    bench.sim.inject({ kind: 'terminate' });
    bench.agenda.advance(29_999);
    expect(bench.exits).toEqual([]);
    bench.agenda.advance(1);
    expect(bench.exits).toEqual([1]);
  });
});

describe('a dead model', () => {
  it('stays READY, fails every inference a second later, and counts it', () => {
    const bench = loadedBench();
    bench.sim.inject({ kind: 'deadModel', model: 'a' });
    const began = bench.agenda.now();
    const infers = [bench.infer('a'), bench.infer('a')];
    bench.agenda.advance(2500);
    expect(infers.map(({ answeredAt }) => answeredAt! - began)).toEqual([1000, 2000]);
    expect(infers[0]?.answer).toEqual({
      error: { code: 'INTERNAL', message: "Stub process 'a_0_0' is not healthy." },
    });
    expect(bench.rows('a')).toEqual(['1 READY']);
    expect(bench.loaded('a')).toEqual({ ok: {} });
    expect(bench.ask((reply) => bench.sim.statistics('a', '', reply))).toMatchObject({
      ok: [{ inferenceCount: 0, lastInference: 0, fail: { count: 2 } }],
    });
    expect(bench.sim.metricsText()).toContain(
      'nv_inference_request_failure{model="a",reason="BACKEND",version="1"} 2',
    );
  });

  it('fails a running inference a second after its death', () => {
    const bench = loadedBench();
    const began = bench.agenda.now();
    const infer = bench.infer('a');
    bench.agenda.advance(500);
    bench.sim.inject({ kind: 'deadModel', model: 'a' });
    bench.agenda.advance(2000);
    expect(infer.answeredAt! - began).toBe(1500);
  });

  it('unloads like any other as long as no inference has failed on it, and never after', () => {
    const bench = loadedBench();
    bench.loaded('b');
    for (const model of ['a', 'b']) bench.sim.inject({ kind: 'deadModel', model });
    bench.infer('b');
    bench.agenda.advance(1100);
    bench.unload('a');
    bench.unload('b');
    bench.agenda.advance(600_000);
    expect([bench.rows('a'), bench.rows('b')]).toEqual([['1 UNAVAILABLE unloaded'], ['1 UNLOADING']]);
    expect(bench.loaded('b')).toEqual({ ok: {} });
    expect(bench.rows('b')).toEqual(['1 READY']);
  });
});

describe('other faults', () => {
  it('a slow index delays every call that is not a load, an unload or an inference', () => {
    const bench = loadedBench();
    bench.sim.inject({ kind: 'indexDelay', ms: 4000 });
    const began = bench.agenda.now();
    const index = bench.call((reply) => bench.sim.index({ ready: false }, reply));
    const live = bench.call((reply) => bench.sim.serverLive(reply));
    const load = bench.load('b');
    bench.agenda.advance(5000);
    expect(index.answeredAt! - began).toBeGreaterThan(4000);
    expect(live.answeredAt!).toBeGreaterThan(index.answeredAt!);
    expect(load.answeredAt! - began).toBe(1001);
  });

  it('a stuck load holds its memory and its thread for ever, a stuck unload its memory', () => {
    const bench = loadedBench();
    bench.sim.inject({ kind: 'stuckLoad', model: 'b' });
    bench.sim.inject({ kind: 'stuckUnload', model: 'a' });
    const load = bench.load('b');
    bench.unload('a');
    bench.agenda.advance(600_000);
    expect(load.answer).toBeUndefined();
    expect([bench.rows('a'), bench.rows('b')]).toEqual([['1 UNLOADING'], ['1 LOADING']]);
    expect(bench.sim.memoryUsed(0)).toBe(60);
  });

  it('a slow load takes longer', () => {
    const bench = new TestBench({ models: [a] });
    bench.sim.inject({ kind: 'loadSlow', model: 'a', ms: 500 });
    const load = bench.load('a');
    bench.agenda.advance(2000);
    expect(load.answeredAt).toBe(1501);
  });

  it('a lost reply is of an order that is carried out all the same', () => {
    const bench = new TestBench({ models: [a, b] });
    bench.sim.inject({ kind: 'replyLost', call: 'load' });
    bench.sim.inject({ kind: 'replyLost', call: 'unload', how: 'connectionError' });
    const load = bench.load('a');
    bench.agenda.advance(2000);
    expect(load.answer).toBeUndefined();
    expect(bench.rows('a')).toEqual(['1 READY']);
    const unload = bench.unload('a');
    bench.agenda.advance(10);
    expect(unload.answer).toHaveProperty('error.code', 'UNAVAILABLE');
    expect(bench.rows('a')).toEqual(['1 UNLOADING']);
    expect(bench.loaded('b')).toEqual({ ok: {} });
  });

  it('a wrong mode and a restriction refuse what they should, until they are cleared', () => {
    const bench = loadedBench();
    bench.sim.inject({ kind: 'wrongMode' });
    expect(bench.loaded('b')).toHaveProperty('error.message', expect.stringContaining('polling is enabled'));
    bench.sim.inject({ kind: 'restrict', key: 'k', value: 'v' });
    const denied = "This protocol is restricted, expecting header 'triton-grpc-protocol-k'";
    expect(bench.loaded('b')).toHaveProperty('error.message', denied);
    expect(bench.ask((reply) => bench.sim.modelReady('a', '', reply))).toEqual({ ok: true });
    bench.sim.inject({ kind: 'clear' });
    expect(bench.loaded('b')).toEqual({ ok: {} });
  });

  it('a failing index or statistics call fails for so many calls, statistics only while a model leaves', () => {
    const bench = loadedBench();
    const all = () => bench.ask((reply) => bench.sim.statistics('', '', reply));
    const index = () => bench.ask((reply) => bench.sim.index({ ready: false }, reply));
    bench.sim.inject({ kind: 'callFails', call: 'index', times: 2 });
    bench.sim.inject({ kind: 'callFails', call: 'statistics' });
    const stat = { error: { code: 'INTERNAL', message: expect.stringMatching(/^failed to stat file \//) } };
    expect([index(), index()]).toEqual([stat, stat]);
    expect([index(), all()]).toEqual([{ ok: expect.anything() }, { ok: expect.anything() }]);
    bench.unload('a');
    expect(bench.ask((reply) => bench.sim.statistics('b', '', reply))).toHaveProperty('error');
    const message = "Request for unknown model: 'a' version 1 is not at ready state";
    expect([all(), all()]).toEqual([{ error: { code: 'UNAVAILABLE', message } }, { ok: [] }]);
  });

  it('one of two instances dies: every second inference fails a second later, and the other serves on', () => {
    const group = [{ kind: 'KIND_GPU', count: 2, gpus: [0] }];
    const bench = new TestBench({ models: [{ ...a, config: { instance_group: group } }] });
    bench.loaded('a');
    bench.sim.inject({ kind: 'deadInstance', model: 'a' });
    const answers = Array.from(
      { length: 6 },
      () => Object.keys(bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply)))[0],
    );
    expect(answers).toEqual(['error', 'ok', 'error', 'ok', 'error', 'ok']);
    const statistics = bench.ask<readonly ModelStatistics[]>((reply) => bench.sim.statistics('a', '', reply));
    expect(statistics).toMatchObject({ ok: [{ success: { count: 3 }, fail: { count: 3 } }] });
    expect(bench.rows('a')).toEqual(['1 READY']);
    bench.sim.inject({ kind: 'deadInstance', model: 'a' });
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply))).toHaveProperty('error');
  });

  it('orders of one model overtake each other: the newest of those that wait comes first', () => {
    const ordered = (bench: TestBench): readonly string[] => {
      const orders = [bench.load('a'), bench.unload('a'), bench.load('a')];
      bench.agenda.advance(5000);
      expect(orders.map(({ answer }) => answer)).toEqual([{ ok: {} }, { ok: {} }, { ok: {} }]);
      return bench.rows('a');
    };
    const bench = new TestBench({ models: [a] });
    expect(ordered(bench)).toEqual(['1 READY']);
    const other = new TestBench({ models: [a] });
    other.sim.inject({ kind: 'ordersOvertake' });
    expect(ordered(other)).toEqual(['1 UNAVAILABLE unloaded']);
  });

  it('are refused with the field and the rule when they are misspelt', () => {
    expect(parseFault({ kind: 'indexDelay', ms: 'x' })).toEqual({ problem: expect.stringMatching(/^ms: /) });
    expect(parseFault({ kind: 'kill', x: 1 })).toEqual({ problem: expect.stringContaining('"x"') });
    expect(parseFault({ kind: 'kill' })).toEqual({ fault: { kind: 'kill' } });
  });
});
