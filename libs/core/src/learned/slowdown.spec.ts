import { describe, expect, it } from '@jest/globals';
import type { ModelId } from '../fleet/ids.js';
import { countsByModel, type ServingRow } from '../looks/look.js';
import { type Latency, NOT_SLOW, readLatencies } from './slowdown.js';

/** A server that is read every 2 s. */
class Reader {
  private readonly latencies = new Map<ModelId, Latency>();
  private readonly counts = new Map<string, { served: number; took: number }>();
  private slowdown = NOT_SLOW;
  private now = 1_000;

  /** So many requests were served meanwhile, each of which took so long. */
  read(said: Readonly<Record<string, readonly [requests: number, each: number]>>): boolean {
    this.now += 2_000;
    for (const [model, [requests, each]] of Object.entries(said)) {
      const { served, took } = this.counts.get(model) ?? { served: 0, took: 0 };
      this.counts.set(model, { served: served + requests, took: took + requests * each });
    }
    this.slowdown = readLatencies(this.latencies, this.slowdown, countsByModel(this.rows()), this.now);
    return this.slowdown.isSlow;
  }

  /** Another copy of a model serves, and counts from zero. */
  renew(model: string): this {
    this.counts.set(model, { served: 0, took: 0 });
    return this;
  }

  private rows(): ServingRow[] {
    return Array.from(this.counts, ([model, { served, took }]) => ({
      ...{ model: model as ModelId, version: '1', lastInference: 0, succeeded: served, failed: 0 },
      ...{ waited: took / 2, computed: took / 2, memory: [] },
    }));
  }
}

function warm(): Reader {
  const reader = new Reader();
  for (let nth = 0; nth < 12; nth++) reader.read({ a: [20, 10], b: [20, 100] });
  return reader;
}

describe('a server is slow', () => {
  it('where requests take twice as long as usual, until they take less than half as long again', () => {
    const reader = warm();
    const slow = [19, 22, 17, 14, 16].map((each) => reader.read({ a: [20, each], b: [20, 10 * each] }));
    expect(slow).toEqual([false, true, true, false, false]);
  });

  it('by what each model takes: another mixture of them is none', () => {
    const reader = warm();
    expect(reader.read({ a: [1, 10], b: [99, 100] })).toBe(false);
    expect(reader.read({ a: [99, 30], b: [0, 0] })).toBe(true);
  });

  it('no longer than there are requests to disturb', () => {
    const reader = warm();
    expect(reader.read({ a: [20, 50] })).toBe(true);
    const after = [1, 2, 3].map(() => reader.read({ a: [1, 50] }));
    expect(after).toEqual([true, true, false]);
  });

  it('not for good: what stays so is usual after some minutes', () => {
    const reader = warm();
    let minutes = 0;
    while (minutes < 20 && reader.read({ a: [20, 30], b: [20, 300] })) minutes += 2 / 60;
    expect(minutes).toBeGreaterThan(1);
    expect(minutes).toBeLessThan(10);
  });

  it('not by the first that are served, nor by counts that fall', () => {
    const reader = new Reader();
    expect([reader.read({ a: [50, 10] }), reader.read({ a: [50, 10] })]).toEqual([false, false]);
    expect(reader.renew('a').read({ a: [50, 900] })).toBe(false);
  });
});
