import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { until } from '../../../../test/support/until.js';
import { processGauge } from './process-gauge.js';

/** Keeps the process busy for so many ms. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('the gauge of this process', () => {
  it('shows that it was stalled since it was read before, and how full the heap is', async () => {
    const gauge = processGauge();
    gauge.start();
    await until(async () => {
      stall(60);
      await setImmediate();
      return gauge.read().lag >= 50;
    });
    const { heap } = gauge.read();
    gauge.stop();
    expect(heap).toBeGreaterThan(0);
    expect(heap).toBeLessThan(1);
  });

  it('shows no lag where nothing was measured', () => {
    const gauge = processGauge();
    stall(20);
    expect(gauge.read().lag).toBe(0);
  });
});
