import { describe, expect, it } from '@jest/globals';
import { away, lasting } from './times.js';

describe('times for people', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_940, '1.9 s'],
    [12_400, '12 s'],
    [119_000, '119 s'],
    [300_000, '5 min'],
    [3 * 3_600_000, '3 h'],
    [9 * 24 * 3_600_000, '9 d'],
  ])('say of %d ms that it is %s', (millis, words) => {
    expect(lasting(millis)).toBe(words);
  });

  it.each([
    ['2026-01-31T12:00:00Z', 'now'],
    ['2026-01-31T11:59:48Z', '12 s ago'],
    ['2026-01-31T12:05:00Z', 'in 5 min'],
    ['soon', 'soon'],
  ])('say of %s at noon that it is %s', (time, words) => {
    expect(away(time, Date.parse('2026-01-31T12:00:00Z'))).toBe(words);
  });
});
