import { describe, expect, it } from '@jest/globals';
import { inWords } from './pair.js';

describe('a difference in words', () => {
  it('is none between the same lines, whatever their order', () => {
    expect(inWords(['a', 'b', 'a'], ['b', 'a', 'a'])).toBe('');
  });

  it('is what only one of them told', () => {
    expect(inWords(['a', 'b'], ['b', 'c'])).toBe('  simulated  a\n  real       c');
  });

  it('is what one of them told twice', () => {
    expect(inWords(['a', 'b', 'a'], ['a', 'b'])).toBe('  simulated  a');
    expect(inWords(['a'], ['a', 'a', 'a'])).toBe('  real       a\n  real       a');
  });
});
