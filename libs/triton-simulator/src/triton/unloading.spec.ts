import { describe, expect, it } from '@jest/globals';
import { TestBench } from './test-bench.js';

const a = { name: 'a', gpuBytes: 30, loadMs: 1000, unloadMs: 1100, inferMs: 3000 };

function benchWith(model = a): TestBench {
  const bench = new TestBench({ models: [model] });
  bench.loaded('a');
  return bench;
}

describe('an unload', () => {
  it('answers at once, long before the memory is back', () => {
    const bench = benchWith();
    const unload = bench.unload('a');
    bench.agenda.advance(2);
    expect(unload.answer).toEqual({ ok: {} });
    expect(bench.rows('a')).toEqual(['1 UNLOADING']);
    expect(bench.sim.memoryUsed(0)).toBe(30);
    bench.agenda.advance(1200);
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE unloaded']);
    expect(bench.sim.memoryUsed(0)).toBe(0);
  });

  it('lets running and queued inferences finish, and refuses new ones', () => {
    const bench = benchWith();
    const began = bench.agenda.now();
    const infers = [bench.infer('a'), bench.infer('a')];
    bench.unload('a');
    bench.agenda.advance(500);
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply))).toEqual({
      error: { code: 'NOT_FOUND', message: "Request for unknown model: 'a' has no available versions" },
    });
    bench.agenda.advance(6000);
    expect(infers.map(({ answeredAt }) => answeredAt! - began)).toEqual([3000, 6000]);
    expect(bench.rows('a')).toEqual(['1 UNLOADING']);
    bench.agenda.advance(1000);
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE unloaded']);
  });

  it('of a LOADING model waits for the load; both are answered OK, and nothing serves', () => {
    const bench = new TestBench({ models: [a] });
    const made = [bench.load('a'), bench.unload('a')];
    bench.agenda.advance(1010);
    expect(made).toEqual([
      { answer: { ok: {} }, answeredAt: 1001 },
      { answer: { ok: {} }, answeredAt: 1001 },
    ]);
    expect(bench.rows('a')).toEqual(['1 UNLOADING']);
  });

  it('of what is not loaded is OK and changes nothing', () => {
    const bench = new TestBench({ models: [{ ...a, failWith: 'no' }] });
    bench.loaded('a');
    for (const name of ['a', 'unknown', '']) {
      expect(bench.ask((reply) => bench.sim.unload(name, { unload_dependents: true }, reply))).toEqual({
        ok: {},
      });
    }
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE Internal: no']);
  });

  it('tells the control mode without touching anything', () => {
    const bench = new TestBench({ models: [], options: { controlMode: 'poll' } });
    expect(bench.ask((reply) => bench.sim.unload('berth.mode-probe', {}, reply))).toEqual({
      error: {
        code: 'UNAVAILABLE',
        message: 'explicit model load / unload is not allowed if polling is enabled',
      },
    });
  });

  it('minds the type of unload_dependents only', () => {
    const bench = benchWith();
    const refused = bench.ask((reply) => bench.sim.unload('a', { unload_dependents: 'yes' }, reply));
    expect(refused).toHaveProperty('error.code', 'INVALID_ARGUMENT');
    expect(bench.ask((reply) => bench.sim.unload('a', { whatever: 'yes' }, reply))).toEqual({ ok: {} });
  });
});

describe('a load while the model is UNLOADING', () => {
  it('starts at once, beside a copy that no row shows any more', () => {
    const bench = benchWith();
    bench.infer('a');
    bench.unload('a');
    bench.agenda.advance(10);
    bench.loaded('a');
    expect(bench.rows('a')).toEqual(['1 READY']);
    expect(bench.sim.memoryUsed(0)).toBe(60);
    expect(bench.sim.copies().map(({ phase, isVisible }) => [phase, isVisible])).toEqual([
      ['leaving', false],
      ['serving', true],
    ]);
  });

  it('makes `unloaded` a lie about the memory', () => {
    const bench = benchWith({ ...a, inferMs: 6000 });
    bench.infer('a');
    bench.unload('a');
    bench.agenda.advance(10);
    bench.loaded('a');
    bench.unload('a');
    bench.agenda.advance(1200);
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE unloaded']);
    expect(bench.sim.memoryUsed(0)).toBe(30);
  });

  it('is carried out in the order of arrival with all others', () => {
    const bench = new TestBench({ models: [a] });
    const made = [bench.load('a'), bench.unload('a'), bench.load('a'), bench.unload('a'), bench.load('a')];
    bench.agenda.advance(3010);
    expect(made.map(({ answeredAt }) => answeredAt)).toEqual([1001, 1001, 2001, 2001, 3001]);
    expect(bench.rows('a')).toEqual(['1 READY']);
  });
});

describe('files that go or appear twice', () => {
  it('take the row away while the model serves on', () => {
    const bench = benchWith();
    bench.sim.repository.remove('a');
    expect(bench.index()).toEqual([]);
    expect(bench.ask((reply) => bench.sim.modelReady('a', '', reply))).toEqual({ ok: true });
    expect(bench.loaded('a')).toHaveProperty('error.code', 'INTERNAL');
    bench.unload('a');
    bench.agenda.advance(2000);
    bench.sim.repository.restore('a');
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE unloaded']);
  });

  it('replace the row of a model that serves on', () => {
    const bench = benchWith();
    bench.sim.repository.duplicate('a', true);
    expect(bench.rows('a')).toEqual(['UNAVAILABLE model appears in two or more repositories']);
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply))).toHaveProperty('ok');
    expect(bench.loaded('a')).toHaveProperty('error.code', 'INTERNAL');
  });
});
