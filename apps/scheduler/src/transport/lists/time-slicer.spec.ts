import { describe, expect, it } from '@jest/globals';
import { CallerGone } from '../limits/caller-gone.js';
import { atOnce, TimeSlicer, type Steps } from './time-slicer.js';

/** Each step takes as long as a slice may. */
function slices(): TimeSlicer {
  let now = 0;
  return new TimeSlicer(() => (now += 5));
}

const stays = (): AbortSignal => new AbortController().signal;

function* counting(name: string, most: number, seen: string[]): Steps<string> {
  for (let nth = 1; nth <= most; nth += 1) {
    seen.push(`${name}${nth}`);
    yield;
  }
  return name;
}

/** Writes down each turn of the event loop. */
function watchTurns(seen: string[], turns: number): void {
  if (turns > 0) setImmediate(() => (seen.push('|'), watchTurns(seen, turns - 1)));
}

describe('work in slices', () => {
  it('has one slice in a turn of the event loop, in rotation, however much there is', async () => {
    const seen: string[] = [];
    const all = slices();
    watchTurns(seen, 7);
    const done = [all.run(counting('a', 3, seen), stays()), all.run(counting('b', 2, seen), stays())];
    expect(seen).toEqual([]);
    expect(await Promise.all(done)).toEqual(['a', 'b']);
    expect(seen.join('')).toMatch(/^\|?a1\|b1\|a2\|b2\|a3/);
  });

  it('is told when other work had a turn', async () => {
    const told: boolean[] = [];
    function* work(): Steps<void> {
      for (let nth = 0; nth < 3; nth += 1) told.push(yield);
    }
    await slices().run(work(), stays());
    expect(told).toEqual([true, true, true]);
    told.length = 0;
    atOnce(work());
    expect(told).toEqual([false, false, false]);
  });

  it('ends with its caller, and with its error', async () => {
    const seen: string[] = [];
    const gone = new AbortController();
    const all = slices();
    const work = all.run(counting('a', 9, seen), gone.signal);
    gone.abort();
    await expect(work).rejects.toThrow(CallerGone);
    function* broken(): Steps<void> {
      yield;
      throw new Error('a bug');
    }
    await expect(all.run(broken(), stays())).rejects.toThrow('a bug');
    expect(await all.run(counting('b', 1, seen), stays())).toBe('b');
  });

  it('is under way eight at a time: the others wait in order, and leave with their callers', async () => {
    const seen: string[] = [];
    const all = slices();
    const gone = new AbortController();
    const done = 'abcdefghijkl'
      .split('')
      .map((name) => all.run(counting(name, 2, seen), name === 'j' ? gone.signal : stays()));
    gone.abort();
    await expect(done[9]).rejects.toThrow(CallerGone);
    expect(seen).toEqual([]);
    await Promise.allSettled(done);
    expect(seen.join('')).toBe('a1b1c1d1e1f1g1h1a2b2c2d2e2f2g2h2i1k1l1i2k2l2');
  });

  it('is refused where there is too much of it', async () => {
    const all = slices();
    const done = Array.from({ length: 1_000 }, () => all.run(counting('a', 1, []), stays()));
    expect(() => all.run(counting('b', 1, []), stays())).toThrow(/too many lists/);
    await Promise.all(done);
  });
});
