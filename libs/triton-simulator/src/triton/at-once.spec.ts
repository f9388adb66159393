import { describe, expect, it } from '@jest/globals';
import { TestBench } from './test-bench.js';

const step = { loadMs: 100, unloadMs: 500, inferMs: 10 };
const others = ['o1', 'o2', 'o3', 'o4', 'o5', 'o6'];

/** An ensemble `r` of `v` and `b`, and six others, all loaded. */
function bench({ isReread = true, mayCrash = true } = {}): TestBench {
  const models = ['v', 'b', ...others].map((name) => ({ name, ...step }));
  const made = new TestBench({ models: [...models, { name: 'r', steps: ['v', 'b'] }] });
  for (const name of ['r', ...others]) made.loaded(name);
  if (isReread) made.loaded('v', { backend: 'onnxruntime', parameters: { tag: { string_value: 'B' } } });
  if (mayCrash) made.sim.inject({ kind: 'unloadsCrash' });
  return made;
}

function phaseAfterUnloads(made: TestBench, names: readonly string[]): string {
  for (const name of names) made.unload(name);
  made.agenda.advance(10);
  return made.sim.phase;
}

describe('unloads at once', () => {
  it('end the process where two are of an ensemble whose step was read anew, and others are beside them', () => {
    const made = bench();
    const unload = made.unload('v');
    expect(phaseAfterUnloads(made, ['b', ...others])).toBe('down');
    expect(unload.answer).toHaveProperty('error.code', 'UNAVAILABLE');
    expect(made.untold).toEqual([{ kind: 'dies of unloads', models: ['v', 'b', 'o1'] }]);
  });

  it.each([
    ['of four others alone, never loaded', bench(), ['n1', 'n2', 'n3', 'n4']],
    ['without others', bench(), ['v', 'b']],
    ['of one step with others', bench(), ['v', ...others]],
    ['of others alone', bench(), others],
    ['where no step was read anew', bench({ isReread: false }), ['v', 'b', ...others]],
    ['where the fault is off', bench({ mayCrash: false }), ['v', 'b', ...others]],
  ])('leave the process alone %s', (_, made, names) => {
    expect(phaseAfterUnloads(made, names)).toBe('up');
  });

  it.each([
    ['loaded', [...others, 'n1', 'n2']],
    ['never loaded', Array.from({ length: 8 }, (_, nth) => `n${nth}`)],
  ])('end it where eight are about nothing of the ensemble: %s', (_, names) => {
    expect(phaseAfterUnloads(bench(), names)).toBe('down');
    expect(phaseAfterUnloads(bench({ isReread: false }), names)).toBe('up');
  });

  it('leave it alone where one that waits for a load is sent again and again', () => {
    const made = bench();
    made.load('b', { backend: 'onnxruntime', parameters: { tag: { string_value: 'C' } } });
    expect(phaseAfterUnloads(made, ['v', 'v', 'v'])).toBe('up');
    expect(phaseAfterUnloads(made, ['b', 'o1'])).toBe('down');
  });

  it('leave it alone one after the other', () => {
    const made = bench();
    for (const name of ['v', 'b', ...others]) expect(phaseAfterUnloads(made, [name])).toBe('up');
  });
});

describe('the step of a loaded ensemble', () => {
  it('that was read anew has the ensemble loaded by any order, which an unload between ends', () => {
    const made = bench({ mayCrash: false });
    made.load('o1');
    made.unload('r');
    made.agenda.advance(1_000);
    expect(made.rows('r')).toEqual(['1 UNAVAILABLE unloaded']);
  });

  it('that was read anew leaves the ensemble unsettled until that is read anew itself', () => {
    const made = bench();
    expect(made.sim.unsettled()).toEqual([new Set(['r', 'v', 'b'])]);
    made.unload('r');
    made.agenda.advance(10);
    made.loaded('r');
    expect(made.sim.unsettled()).toEqual([]);
  });
});
