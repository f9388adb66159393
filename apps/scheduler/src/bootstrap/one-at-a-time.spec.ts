import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { oneAtATime } from './one-at-a-time.js';

describe('work that is done once at a time', () => {
  it('is done once more for all that asked while it ran', async () => {
    const ends: (() => void)[] = [];
    const ask = oneAtATime(() => new Promise((resolve) => void ends.push(resolve)));
    for (let nth = 0; nth < 5; nth += 1) ask();
    expect(ends).toHaveLength(1);
    ends[0]!();
    await nextTurn();
    expect(ends).toHaveLength(2);
    ends[1]!();
    await nextTurn();
    expect(ends).toHaveLength(2);
    ask();
    expect(ends).toHaveLength(3);
  });
});
