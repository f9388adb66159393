import { describe, expect, it } from '@jest/globals';
import { autoscaled, fixed, minutesOf, turnsOf } from './autoscaler.js';
import type { Trace } from './trace.js';
import { BerthWants } from './wanting.js';

const MINUTES = 200;
/** By day all models are asked for each minute, by night one of them. */
const trace: Trace = {
  name: 'made-up',
  minutes: MINUTES,
  models: Array.from({ length: 8 }, (_, at) => ({
    name: `m${at}`,
    sizeMb: 23_000,
    loadSeconds: 20,
    asked: Array.from({ length: MINUTES }, (__, minute) => (at === 0 || minute >= 100 ? 3 : 0)),
  })),
};

describe('an autoscaler that obeys the numbers', () => {
  const minutes = minutesOf(trace);
  const { servers, waited } = autoscaled(minutes, new BerthWants(trace), 1);

  it('has what is wanted once it has booted, and each model waits no more than that', () => {
    expect(servers.slice(0, 100).every((count) => count === 1)).toBe(true);
    expect(servers.slice(100).every((count) => count === 5)).toBe(true);
    expect(turnsOf(servers)).toBe(0);
  });

  it('waits less than a fixed fleet of the same hours', () => {
    expect(waited).toBeLessThan(fixed(minutes, 3));
  });

  it('turns once from growing to shrinking for each time that it does', () => {
    expect(turnsOf([1, 2, 2, 3, 2, 2, 3, 3])).toBe(2);
  });
});
