import type { LoadTimes } from '../fleet/kept.js';
import { describe, expect, it } from '@jest/globals';
import { forecastOf, learnPace, learnTime, pooled, restOf, timesAt } from './load-times.js';

const GIB = 2 ** 30;

const learned = (...times: number[]): LoadTimes =>
  times.reduce<LoadTimes | undefined>((known, time) => learnTime(known, time), undefined)!;

describe('what is known of load times', () => {
  it('is of one load its time, and not taken for certain', () => {
    expect(forecastOf(learned(4_000))).toEqual({ p50: 4_000, p90: 6_000 });
  });

  it('lies between the first few, which count alike', () => {
    expect(forecastOf(learned(1_000, 4_000)).p50).toBe(2_000);
    expect(forecastOf(learned(4_000, 1_000)).p50).toBe(2_000);
    expect(learned(1, 1, 8, 8).mean).toBeCloseTo(Math.log(8) / 2);
  });

  it('is certain in the end where all take as long', () => {
    const { p50, p90 } = forecastOf(learned(...Array<number>(30).fill(3_000)));
    expect(p50).toBe(3_000);
    expect(p90).toBeLessThan(3_010);
  });

  it('is less certain by few loads than by many that deviate as much', () => {
    const [few, many] = [1, 8].map((count) => forecastOf({ mean: Math.log(1_000), deviation: 0.25, count }));
    expect([few!.p50, many!.p50]).toEqual([1_000, 1_000]);
    // 1,000 x exp(1.6 x 0.25 x sqrt(1 + 1/n)).
    expect([few!.p90, many!.p90]).toEqual([1_761, 1_528]);
  });

  it('follows a change of what they take, and forgets what was before', () => {
    const before = Array<number>(50).fill(2_000);
    const after = (loads: number): number =>
      forecastOf(learned(...before, ...Array<number>(loads).fill(8_000))).p50;
    expect(after(1)).toBeLessThan(2_500);
    expect(after(6)).toBeGreaterThan(4_000);
    expect(after(40)).toBeGreaterThan(7_900);
  });

  it('widens by one that hung, and moves by little', () => {
    const usual = Array<number>(20).fill(2_000);
    const { p50, p90 } = forecastOf(learned(...usual, 60_000));
    expect(p50).toBeLessThan(2 * 2_000);
    expect(p90).toBeGreaterThan(3 * 2_000);
  });

  it.each([
    [0, 1],
    [-5, 1],
    [1e12, 3_600_000],
    [Infinity, 3_600_000],
  ])('takes %d ms for %d ms', (took, taken) => {
    expect(forecastOf(learned(took)).p50).toBe(taken);
    expect(forecastOf(learned(took)).p90).toBeLessThanOrEqual(3_600_000);
  });
});

describe('a pace', () => {
  it('tells the times of loads of any size, with a part that is the same for all', () => {
    const pace = learnPace(undefined, 10_000, 8 * GIB);
    expect(forecastOf(timesAt(pace, 8 * GIB)).p50).toBe(10_000);
    expect(forecastOf(timesAt(pace, 18 * GIB)).p50).toBe(20_000);
    expect(forecastOf(timesAt(pace, 0)).p50).toBe(2_000);
  });

  it('of one load is less certain than the time of one model', () => {
    expect(forecastOf(timesAt(learnPace(undefined, 10_000, GIB), GIB))).toEqual({ p50: 10_000, p90: 30_000 });
  });

  it('of several servers is theirs by the loads they had, and the less certain the more they differ', () => {
    const [slow, fast] = [learned(9_000, 9_000), learned(1_000, 1_000)];
    expect(forecastOf(pooled([slow, fast])!).p50).toBe(3_000);
    expect(forecastOf(pooled([slow, fast])!).p90).toBeGreaterThan(15_000);
    expect(pooled([slow, slow])!.deviation).toBeCloseTo(slow.deviation);
    expect(forecastOf(pooled([slow, slow, learned(9_000), fast])!).p50).toBeGreaterThan(4_500);
    expect(pooled([])).toBeUndefined();
  });
});

describe('what is left of a load', () => {
  const whole = { p50: 4_000, p90: 8_000 };

  it.each([
    { elapsed: 0, p50: 4_000, p90: 8_000 },
    { elapsed: 1_000, p50: 3_000, p90: 7_000 },
    { elapsed: 4_000, p50: 500, p90: 4_000 },
    { elapsed: 80_000, p50: 10_000, p90: 10_000 },
  ])('after $elapsed ms is $p50 or $p90 ms', ({ elapsed, ...left }) => {
    expect(restOf(whole, elapsed)).toEqual(left);
  });

  it('is 250 ms at least once it has outlasted its forecast, and no more than all of a short one', () => {
    expect([990, 1_000 - 1e-9].map((elapsed) => restOf({ p50: 1_000, p90: 1_000 }, elapsed).p50)).toEqual([
      10, 1,
    ]);
    expect(restOf({ p50: 1_000, p90: 1_000 }, 1_000)).toEqual({ p50: 250, p90: 250 });
    expect(restOf({ p50: 8, p90: 100 }, 50)).toEqual({ p50: 8, p90: 50 });
  });
});
