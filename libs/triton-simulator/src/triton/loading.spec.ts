import { describe, expect, it } from '@jest/globals';
import { TestBench } from './test-bench.js';

const a = { name: 'a', gpuBytes: 30, loadMs: 1000, unloadMs: 1100 };
const python = { ...a, python: true };

describe('a load', () => {
  it('answers once the model serves, and not before', () => {
    const bench = new TestBench({ models: [a] });
    const load = bench.load('a');
    bench.agenda.runUntil(500);
    expect(bench.rows('a')).toEqual(['1 LOADING']);
    expect(load.answer).toBeUndefined();
    bench.agenda.runUntil(1100);
    expect(load).toEqual({ answer: { ok: {} }, answeredAt: 1001 });
    expect(bench.rows('a')).toEqual(['1 READY']);
  });

  it('of a model that was never touched leaves a row of its name alone', () => {
    expect(new TestBench({ models: [a] }).index()).toEqual([
      { name: 'a', version: '', state: '', reason: '' },
    ]);
  });

  it('of a serving model with nothing new on disk does nothing', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    expect(bench.load('a').answer).toBeUndefined();
    bench.agenda.advance(2);
    expect(bench.sim.copies()).toHaveLength(1);
  });

  it('shows LOADING from the order on, also while it waits for a load thread', () => {
    const models = ['a', 'b', 'c'].map((name) => ({ ...a, name }));
    const bench = new TestBench({ models, options: { loadThreads: 2 } });
    const loads = models.map(({ name }) => bench.load(name));
    bench.agenda.runUntil(500);
    expect(bench.index().map(({ state }) => state)).toEqual(['LOADING', 'LOADING', 'LOADING']);
    expect(bench.sim.memoryUsed(0)).toBe(60);
    bench.agenda.runUntil(3000);
    expect(loads.map(({ answeredAt }) => answeredAt)).toEqual([1001, 1001, 2001]);
  });

  it('joins another of the same model that is running', () => {
    const bench = new TestBench({ models: [a] });
    const loads = [bench.load('a'), bench.load('a'), bench.load('a')];
    bench.agenda.runUntil(5000);
    expect(loads.map(({ answeredAt }) => answeredAt)).toEqual([1001, 1001, 1001]);
    expect(bench.sim.copies()).toHaveLength(1);
  });

  it('of a model that fails is tried again by each that waited', () => {
    const bench = new TestBench({ models: [{ ...a, failWith: 'RuntimeError: no' }] });
    const loads = [bench.load('a'), bench.load('a')];
    bench.agenda.runUntil(5000);
    expect(loads.map(({ answeredAt }) => answeredAt)).toEqual([1001, 2001]);
    expect(loads[1]?.answer).toEqual({
      error: {
        code: 'INVALID_ARGUMENT',
        message:
          "load failed for model 'a': version 1 is at UNAVAILABLE state: Internal: RuntimeError: no;\n",
      },
    });
    expect(bench.rows('a')).toEqual(['1 UNAVAILABLE Internal: RuntimeError: no']);
    expect(bench.sim.memoryUsed(0)).toBe(0);
  });

  it('of an unknown name says only that it could not poll', () => {
    const bench = new TestBench({ models: [a] });
    const message = "failed to load 'x', failed to poll from model repository";
    expect(bench.loaded('x')).toEqual({ error: { code: 'INTERNAL', message } });
  });

  it('of a model without versions fails, and takes its row away', () => {
    const bench = new TestBench({ models: [{ ...a, noVersionDirectory: true }] });
    expect(bench.rows('a')).toEqual(['']);
    const detail = "at least one version must be available under the version policy of model 'a'";
    expect(bench.loaded('a')).toEqual({
      error: { code: 'INVALID_ARGUMENT', message: `load failed for model 'a': ${detail}\n` },
    });
    expect(bench.rows('a')).toEqual([]);
  });

  it('of a model whose file is missing never ends, and eats a load thread', () => {
    const models = [{ ...a, name: 'hole', missingModelFile: true }, a];
    const bench = new TestBench({ models, options: { loadThreads: 1 } });
    const made = [bench.load('hole'), bench.load('hole'), bench.unload('hole'), bench.load('a')];
    bench.agenda.runUntil(600_000);
    expect(made.map(({ answer }) => answer)).toEqual([undefined, undefined, undefined, undefined]);
    expect(bench.index().map(({ state }) => state)).toEqual(['LOADING', 'LOADING']);
    expect(bench.sim.memoryUsed(0)).toBe(0);
  });

  it('takes only the newest version unless the policy says otherwise', () => {
    const bench = new TestBench({ models: [{ ...a, gpuBytes: 10, versions: [1, 2, 3] }] });
    bench.loaded('a');
    expect(bench.rows('a')).toEqual(['3 READY']);
    bench.loaded('a', { version_policy: { specific: { versions: [1] } } });
    expect(bench.rows('a')).toEqual(['1 READY', '3 UNLOADING']);
    expect(bench.loaded('a', { version_policy: { specific: { versions: [9] } } })).toHaveProperty('error');
    expect(bench.rows('a')[0]).toBe('1 READY');
  });

  it('of two versions of which one fails takes the other down again', () => {
    const model = { ...a, gpuBytes: 10, versions: [1, 2], failWith: 'no', failingVersions: [2] };
    const bench = new TestBench({ models: [model] });
    const answer = bench.loaded('a', { version_policy: { all: {} } });
    expect(answer).toMatchObject({
      error: { message: "load failed for model 'a': version 2 is at UNAVAILABLE state: Internal: no;\n" },
    });
    expect(bench.rows('a')).toEqual(['1 UNLOADING', '2 UNAVAILABLE Internal: no']);
  });
});

describe('a reload', () => {
  it('holds both copies until the old one is finalized, behind a row that stays READY', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    bench.sim.repository.touch('a', 'files');
    bench.load('a');
    bench.agenda.advance(500);
    expect(bench.sim.memoryUsed(0)).toBe(60);
    expect(bench.rows('a')).toEqual(['1 READY']);
    bench.agenda.advance(600);
    expect(bench.sim.memoryUsed(0)).toBe(60);
    expect(bench.sim.copies().map(({ isVisible }) => isVisible)).toEqual([false, true]);
    bench.agenda.advance(1500);
    expect(bench.sim.memoryUsed(0)).toBe(30);
  });

  it('is what the first plain load after the first of a Python model turns out to be', () => {
    const bench = new TestBench({ models: [python] });
    bench.loaded('a');
    const again = bench.load('a');
    const third = bench.load('a');
    bench.agenda.advance(3000);
    expect([again.answeredAt, third.answeredAt]).toEqual([2002, 2002]);
  });

  it('is not, when the compiled file was there before', () => {
    const bench = new TestBench({ models: [{ ...python, pycPresent: true }] });
    bench.loaded('a');
    bench.load('a');
    bench.agenda.advance(500);
    expect(bench.sim.copies()).toHaveLength(1);
  });

  it('makes two loads of a really cold Python model at once load it twice', () => {
    const bench = new TestBench({ models: [python] });
    const loads = [bench.load('a'), bench.load('a'), bench.load('a')];
    bench.agenda.runUntil(5000);
    expect(loads.map(({ answeredAt }) => answeredAt)).toEqual([1001, 2001, 2001]);
  });

  it('that fails keeps the old copy READY, and the server from leaving in time', () => {
    const bench = new TestBench({ models: [a] });
    bench.loaded('a');
    bench.sim.repository.touch('a', 'files');
    bench.sim.inject({ kind: 'loadFails', model: 'a', text: 'ImportError: no' });
    expect(bench.loaded('a')).toMatchObject({
      error: {
        message: "load failed for model 'a': version 1 is at UNAVAILABLE state: Internal: ImportError: no;\n",
      },
    });
    expect(bench.rows('a')).toEqual(['1 READY']);
    expect(bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply))).toHaveProperty('ok');
    bench.sim.inject({ kind: 'terminate' });
    bench.agenda.advance(29_000);
    expect(bench.sim.phase).toBe('leaving');
    bench.agenda.advance(2000);
    expect(bench.exits).toEqual([1]);
  });

  it('begins its statistics anew, which a load without effect does not', () => {
    const bench = new TestBench({ models: [a] });
    const counted = (): unknown => bench.ask((reply) => bench.sim.statistics('a', '', reply));
    bench.loaded('a');
    bench.ask((reply) => bench.sim.infer({ model: 'a' }, reply));
    bench.sim.repository.touch('a', 'config');
    bench.loaded('a');
    expect(counted()).toMatchObject({ ok: [{ inferenceCount: 1 }] });
    bench.sim.repository.touch('a', 'files');
    bench.loaded('a');
    expect(counted()).toMatchObject({ ok: [{ inferenceCount: 0, lastInference: 0 }] });
  });
});
