import { describe, expect, it } from '@jest/globals';
import { PerSecond } from './per-second.js';

describe('PerSecond', () => {
  it('allows so many in each second of the clock', () => {
    const bound = new PerSecond(2);
    expect([0, 1, 999, 1_000, 1_000, 1_001].map((now) => bound.take(now))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('does not wait for a clock that was set back', () => {
    const bound = new PerSecond(1);
    expect([bound.take(5_000), bound.take(5_000), bound.take(0)]).toEqual([true, false, true]);
  });
});
