import { describe, expect, it } from '@jest/globals';
import {
  bestGoodput,
  coldOf,
  goodput,
  isInTime,
  lookAt,
  type Outcome,
  recovery,
  share,
  worstLook,
} from './outcomes.js';

const outcome = (parts: Partial<Outcome>): Outcome => ({
  ...{
    at: 0,
    model: 'm',
    class: 'default',
    wait: 1_000,
    lease: 1_000,
    answeredAt: 100,
    answer: 'cold',
    ...parts,
  },
});

/** One every 100 ms, each told so. */
const every = (from: number, to: number, parts: (at: number) => Partial<Outcome>): Outcome[] =>
  Array.from({ length: (to - from) / 100 }, (_, nth) => from + nth * 100).map((at) =>
    outcome({ at, answeredAt: at + 50, ...parts(at) }),
  );

describe('outcomes', () => {
  it('are in time with a route within their wait', () => {
    expect(isInTime(outcome({ answeredAt: 1_000 }))).toBe(true);
    expect(isInTime(outcome({ answeredAt: 1_001 }))).toBe(false);
    expect(isInTime(outcome({ answer: 'queue_full' }))).toBe(false);
  });

  it('make goodput where they were in time, and of the cold ones alone where these were', () => {
    const all = [
      outcome({}),
      outcome({ answer: 'warm' }),
      outcome({ answeredAt: 2_000 }),
      outcome({ at: 9_999 }),
    ];
    expect(goodput(all, 0, 2_000)).toBe(1);
    expect(goodput(coldOf(all), 0, 2_000)).toBe(0.5);
    expect(share(all, isInTime)).toBe(0.75);
  });

  it('have their peak in the best stretch', () => {
    const all = [...every(0, 1_000, () => ({})), ...every(1_000, 1_500, () => ({}))];
    expect(bestGoodput(all, 0, 2_000, 1_000)).toBe(10);
    expect(goodput(all, 0, 2_000)).toBe(7.5);
  });

  it('look as bad as those refused and the slowest of those served', () => {
    const all = every(0, 1_000, (at) => (at < 200 ? { answer: 'queue_full' } : { answeredAt: at + 7 }));
    expect(lookAt(all, 0, 1_000)).toEqual({ refused: 0.2, p99: 7 });
  });

  it('are normal again from the first stretch on that is no worse than before', () => {
    const refused = { answer: 'queue_full' };
    const before = every(0, 10_000, (at) => (at % 1_000 === 0 ? refused : {}));
    const after = every(20_000, 40_000, (at) => (at < 23_000 ? refused : {}));
    const normal = worstLook(before, 0, 10_000);
    expect(normal).toEqual({ refused: 0.1, p99: 50 });
    expect(recovery(after, normal, 20_000, 40_000)).toBe(2_500);
    expect(recovery(after, { refused: -1, p99: 50 }, 20_000, 40_000)).toBe(Infinity);
  });
});
