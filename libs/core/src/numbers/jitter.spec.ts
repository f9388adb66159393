import { describe, expect, it } from '@jest/globals';
import { fractionOf } from './jitter.js';

const among = (count: number, words: (nth: number) => string): number[] =>
  Array.from({ length: count }, (_, nth) => fractionOf(words(nth)));

describe('a number that follows from words', () => {
  it('is the same for the same words', () => {
    expect(fractionOf('a@s 1 1000')).toBe(fractionOf('a@s 1 1000'));
  });

  it('lies anywhere from 0 up to 1, also where words differ in their last letter only', () => {
    const drawn = among(10_000, (nth) => `model@server 3 ${1_000_000 + nth}`);
    expect(drawn.every((one) => one >= 0 && one < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth++) {
      const there = drawn.filter((one) => Math.floor(one * 10) === tenth).length;
      expect(there).toBeGreaterThan(850);
      expect(there).toBeLessThan(1_150);
    }
  });

  it('does not follow the order of the words', () => {
    const drawn = among(1_000, (nth) => `m${nth}`);
    const rises = drawn.filter((one, nth) => nth > 0 && one > drawn[nth - 1]!).length;
    expect(rises).toBeGreaterThan(400);
    expect(rises).toBeLessThan(600);
  });
});
