import { describe, expect, it } from '@jest/globals';
import { TestBench } from './test-bench.js';

const s1 = { name: 's1', gpuBytes: 10, loadMs: 1000, unloadMs: 1100, inferMs: 100 };
const s2 = { ...s1, name: 's2' };
const ens = { name: 'ens', steps: ['s1', 's2'] };

function states(bench: TestBench): readonly string[] {
  return ['ens', 's1', 's2'].map((name) => bench.rows(name).join());
}

describe('an ensemble', () => {
  it('loads its steps together, and then has a row like them', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    const load = bench.load('ens');
    bench.agenda.advance(1100);
    expect(load.answeredAt).toBeLessThan(1010);
    expect(states(bench)).toEqual(['1 READY', '1 READY', '1 READY']);
  });

  it('runs through its steps one after the other', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('ens');
    const began = bench.agenda.now();
    const infer = bench.infer('ens');
    bench.agenda.advance(1000);
    expect(infer.answer).toEqual({ ok: { model: 'ens', version: '1' } });
    expect(infer.answeredAt! - began).toBe(200);
    expect(bench.ask((reply) => bench.sim.statistics('', '', reply))).toMatchObject({
      ok: ['ens', 's1', 's2'].map((name) => ({ name, inferenceCount: 1 })),
    });
  });

  it('loads a step anew that serves, where its files have changed, and says so', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('s1');
    bench.loaded('s2');
    bench.sim.repository.touch('s2', 'files');
    bench.load('ens');
    bench.agenda.advance(500);
    expect(bench.untold).toEqual([{ kind: 'step read anew', step: 's2' }]);
    expect(bench.sim.memoryUsed(0)).toBe(30);
  });

  it('goes alone, and at once, when it is unloaded', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('ens');
    bench.unload('ens');
    bench.agenda.advance(2);
    expect(states(bench)).toEqual(['1 UNAVAILABLE unloaded', '1 READY', '1 READY']);
  });

  it('takes along, if asked, the steps that were not loaded by name', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('s1');
    bench.loaded('ens');
    bench.unload('ens', { unload_dependents: true });
    bench.agenda.advance(2);
    expect(states(bench)).toEqual(['1 UNAVAILABLE unloaded', '1 READY', '1 UNLOADING']);
  });

  it('goes with any of its steps, finishes what it runs, and comes back with the step', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('ens');
    const infer = bench.infer('ens');
    bench.agenda.advance(50);
    bench.unload('s2');
    expect(bench.ask((reply) => bench.sim.infer({ model: 'ens' }, reply))).toEqual({
      error: { code: 'NOT_FOUND', message: "Request for unknown model: 'ens' has no available versions" },
    });
    bench.agenda.advance(2000);
    expect(infer.answer).toHaveProperty('ok');
    expect(states(bench)).toEqual(['1 UNAVAILABLE unloaded', '1 READY', '1 UNAVAILABLE unloaded']);
    bench.loaded('s2');
    expect(states(bench)).toEqual(['1 READY', '1 READY', '1 READY']);
  });

  it('does not come back with a step once it was itself unloaded', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('ens');
    bench.unload('ens');
    bench.unload('s1');
    bench.agenda.advance(3000);
    bench.loaded('s1');
    expect(bench.rows('ens')).toEqual(['1 UNAVAILABLE unloaded']);
  });

  it('that lacks a step leaves the others loaded, and itself as if never touched', () => {
    const bench = new TestBench({ models: [s1, { name: 'ens', steps: ['s1', 'nothere'] }] });
    const detail = 'ensemble ens contains models that are not available or ambiguous: nothere';
    expect(bench.loaded('ens')).toMatchObject({
      error: { message: `load failed for model 'ens': ${detail}\n` },
    });
    expect(states(bench).slice(0, 2)).toEqual(['', '1 READY']);
  });

  it('that has a failing step says which, and leaves the others loaded', () => {
    const bench = new TestBench({ models: [s1, { ...s2, failWith: 'no' }, ens] });
    const cause = 'version 1 is at UNAVAILABLE state: Internal: no;';
    expect(bench.loaded('ens')).toMatchObject({
      error: {
        message: `load failed for model 'ens': ensemble 'ens' depends on 's2' which has no loaded version. Model 's2' loading failed with error: ${cause}\n`,
      },
    });
    expect(states(bench)).toEqual(['', '1 READY', '1 UNAVAILABLE Internal: no']);
  });

  it('is loaded anew with a step whose files have changed, and again at every order that follows', () => {
    const bench = new TestBench({ models: [s1, s2, ens, { ...s1, name: 'other' }] });
    bench.loaded('ens');
    bench.sim.repository.touch('s1', 'files');
    for (const name of ['s1', 'other', 'other']) {
      bench.ask((reply) => bench.sim.infer({ model: 'ens' }, reply));
      bench.loaded(name);
      expect(bench.ask((reply) => bench.sim.statistics('ens', '', reply))).toMatchObject({
        ok: [{ inferenceCount: 0 }],
      });
    }
  });

  it('and its step ordered at the same time load the step once', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    const made = [bench.load('ens'), bench.load('s1')];
    bench.agenda.advance(1500);
    expect(made.map(({ answer }) => answer)).toEqual([{ ok: {} }, { ok: {} }]);
    expect(bench.sim.memoryUsed(0)).toBe(20);
  });

  it('that names a version of a step needs that one, and leaves when it is not loaded any more', () => {
    const step = [{ model_name: 'v', model_version: 1 }];
    const config = { platform: 'ensemble', ensemble_scheduling: { step } };
    const models = [
      { ...s1, name: 'v', versions: [1, 2] },
      { name: 'e', steps: ['v'], config },
    ];
    const bench = new TestBench({ models });
    const lacks = "ensemble 'e' depends on 'v' whose required version 1 is not loaded.";
    expect(bench.loaded('e')).toMatchObject({ error: { message: expect.stringContaining(lacks) } });
    const old = new TestBench({ models: [{ ...s1, name: 'v' }, models[1]!] });
    expect(old.loaded('e')).toEqual({ ok: {} });
    old.sim.repository.writeVersion('v', 2, false);
    old.loaded('v');
    old.agenda.advance(2_000);
    expect(old.rows('e')).toEqual(['1 UNAVAILABLE unloaded']);
  });

  it('and any model goes on to serve where its config on disk can not be read any more', () => {
    const bench = new TestBench({ models: [s1] });
    bench.loaded('s1');
    bench.sim.repository.touch('s1', 'config', { backend: 'python', nonsense: 1 });
    expect(bench.loaded('s1')).toMatchObject({
      error: { code: 'INTERNAL', message: "failed to load 's1', failed to poll from model repository" },
    });
    expect(bench.rows('s1')).toEqual(['1 READY']);
  });

  it('outlives its unload where a step was being loaded anew, until it is loaded and unloaded', () => {
    const bench = new TestBench({ models: [s1, s2, ens] });
    bench.loaded('ens');
    bench.sim.repository.touch('s2', 'files');
    bench.load('s2');
    bench.agenda.advance(300);
    const unload = bench.unload('ens');
    bench.agenda.advance(5);
    expect(unload.answer).toEqual({ ok: {} });
    expect(bench.rows('ens')).toEqual(['1 UNAVAILABLE unloaded']);
    bench.agenda.advance(3_000);
    for (const name of ['ens', 's2']) {
      bench.ask((reply) => bench.sim.unload(name, {}, reply));
      bench.agenda.advance(3_000);
      expect(bench.rows('ens')).toEqual(['1 READY']);
    }
    bench.loaded('ens');
    bench.unload('ens');
    bench.agenda.advance(3_000);
    expect(bench.rows('ens')).toEqual(['1 UNAVAILABLE unloaded']);
  });
});
