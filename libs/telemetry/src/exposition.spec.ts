import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expositionOf } from './exposition.js';

describe('the text of all metrics', () => {
  it('is what prom-client writes', async () => {
    const registry = new Registry();
    const registers = [registry];
    new Counter({ name: 'calls_total', help: 'Calls\nand \\ calls.', registers }).inc(3);
    const gauge = new Gauge({ name: 'sizes', help: 'Sizes.', labelNames: ['of', 'nth'], registers });
    gauge.set({ of: 'a "b" \\ \n', nth: 1 }, -1.5);
    gauge.set({ of: 'c' }, Infinity);
    const took = new Histogram({
      name: 'took',
      help: 'How long.',
      labelNames: ['cold'],
      buckets: [1, 2],
      registers,
    });
    took.observe({ cold: 'true' }, 1.5);
    took.observe({ cold: 'false' }, 5);
    expect(await expositionOf(registry, nextTurn)).toBe(await registry.metrics());
  });

  it('is written with pauses', async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: 'sizes', help: 'Sizes.', labelNames: ['of'], registers: [registry] });
    for (let nth = 0; nth < 1_000; nth += 1) gauge.set({ of: `m${nth}` }, nth);
    let pauses = 0;
    await expositionOf(registry, async () => void (pauses += 1));
    expect(pauses).toBe(5);
  });
});
