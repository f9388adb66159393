import { beforeEach, describe, expect, it } from '@jest/globals';
import { WallTimes } from './wall-times.js';

const NOON = Date.parse('2026-01-01T12:00:00Z');

describe('wall times', () => {
  let wall: number;
  let monotonic: number;
  let times: WallTimes;

  beforeEach(() => {
    wall = NOON;
    monotonic = 1_000;
    times = new WallTimes(
      () => wall,
      () => monotonic,
    );
  });

  it('go there and back', () => {
    expect(times.told(1_500)).toBe('2026-01-01T12:00:00.500Z');
    expect(times.instantOf('2026-01-01T12:00:01Z')).toBe(2_000);
    expect(times.toldOrNull(null)).toBeNull();
    expect(times.toldOrNull(Infinity)).toBeNull();
  });

  it('do not flicker by the rounding of two clocks', () => {
    const before = times.told(500);
    monotonic += 10_000.7;
    wall += 10_000;
    expect(times.told(500)).toBe(before);
  });

  it('follow the wall clock when it is set anew', () => {
    wall += 3_600_000;
    expect(times.told(1_000)).toBe('2026-01-01T13:00:00.000Z');
    expect(times.hasPassed('2026-01-01T12:59:59Z')).toBe(true);
  });
});
