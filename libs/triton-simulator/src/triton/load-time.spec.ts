import { describe, expect, it } from '@jest/globals';
import { loadTime } from './load-time.js';
import { completed } from './simulated-model.js';

const timesOf = (loadSpread: number): number[] =>
  Array.from({ length: 1_000 }, (_, id) =>
    loadTime(completed({ name: 'm', loadMs: 1_000, loadSpread }), { id }),
  );

describe('the time of a load', () => {
  it('is that of the model where loads do not differ', () => {
    expect(new Set(timesOf(0))).toEqual(new Set([1_000]));
  });

  it('is spread around it, the same in every run', () => {
    const logs = timesOf(0.2).map((time) => Math.log(time / 1_000));
    const mean = logs.reduce((sum, one) => sum + one, 0) / logs.length;
    const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / logs.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(0.2, 1);
    expect(timesOf(0.2)).toEqual(timesOf(0.2));
  });
});
