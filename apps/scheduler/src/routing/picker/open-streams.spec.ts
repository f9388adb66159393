import { describe, expect, it } from '@jest/globals';
import { OpenUses } from '../../cluster/replication/open-uses.js';
import { OpenStreams } from './open-streams.js';

function stage() {
  const clock = { now: 0 };
  const streams = new OpenStreams(() => clock.now);
  const uses = new OpenUses();
  /** Milliseconds for which each model counts as used, once another second has passed. */
  const second = (): Record<string, number> => {
    clock.now += 1_000;
    streams.report(uses);
    const told = uses.report(clock.now, 'all').uses;
    return Object.fromEntries(told.map(({ model, inUseForMs }) => [model, inUseForMs]));
  };
  return { clock, second, streams };
}

describe('a request that a server answers', () => {
  it('holds its copy while it is open, and two seconds more', () => {
    const { second, streams } = stage();
    const stream = streams.begin('m', 'a', 600_000);
    for (let nth = 0; nth < 60; nth += 1) expect(second()).toEqual({ m: 2_000 });
    stream.leave();
    expect(second()).toEqual({ m: 1_000 });
    expect(second()).toEqual({});
  });

  it('holds it no longer than for the longest time after the last bytes of its caller', () => {
    const { second, streams } = stage();
    const stream = streams.begin('m', 'a', 3_000);
    second();
    stream.touch();
    expect([second(), second(), second(), second()]).toEqual([{ m: 2_000 }, { m: 1_000 }, {}, {}]);
    stream.touch();
    expect(second()).toEqual({ m: 2_000 });
  });

  it('holds the copy on its server alone', () => {
    const { second, streams } = stage();
    streams.begin('m', 'a', 600_000);
    const other = streams.begin('n', 'a', 600_000);
    expect(second()).toEqual({ m: 2_000, n: 2_000 });
    other.leave();
    expect(second()).toEqual({ m: 2_000, n: 1_000 });
    expect(second()).toEqual({ m: 2_000 });
  });
});
