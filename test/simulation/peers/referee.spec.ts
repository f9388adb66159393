import { beforeEach, describe, expect, it } from '@jest/globals';
import { Agenda } from '#triton-simulator';
import { Trail } from '../trail.js';
import { Referee } from './referee.js';

const TWO = [2, 1];

describe('the referee of two leaders at once', () => {
  let time: Agenda;
  let trail: Trail;
  let referee: Referee;

  beforeEach(() => {
    time = new Agenda();
    trail = new Trail(() => time.now(), false);
    referee = new Referee(time, trail, true);
  });

  const actAt = (at: number, terms: readonly number[]): string | undefined => {
    time.runUntil(at);
    referee.act(terms);
    return trail.failure;
  };

  it('lets one act, or none', () => {
    expect(actAt(1_000, [1])).toBeUndefined();
    expect(actAt(2_000, [])).toBeUndefined();
  });

  it('does not let two act where no split was torn', () => {
    expect(actAt(1_000, TWO)).toBe('at 1000.0 ms: the leaders of terms 2 and 1 may act at once');
  });

  it('does not let two act before a split was torn', () => {
    time.after(2_000, () => referee.excuse(10_000));
    expect(actAt(1_999, TWO)).toContain('may act at once');
  });

  it('excuses two for as long as a torn split is felt, and no longer', () => {
    referee.excuse(10_000);
    expect(actAt(9_999, TWO)).toBeUndefined();
    expect(actAt(10_000, TWO)).toContain('may act at once');
  });

  it.each([
    ['the first', 10_000, 20_000, 25_000],
    ['the second', 30_000, 5_000, 30_000],
  ])('excuses two until both of two splits are over, where %s is over sooner', (_, first, second, end) => {
    referee.excuse(first);
    time.after(5_000, () => referee.excuse(second));
    expect(actAt(10_000, TWO)).toBeUndefined();
    expect(actAt(end - 1, TWO)).toBeUndefined();
    expect(actAt(end, TWO)).toContain('may act at once');
  });
});
