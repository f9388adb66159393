import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { until } from '../../../../../test/support/until.js';
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
    stall(60);
    await setImmediate();
    const { lag, heap } = gauge.read();
    gauge.stop();
    expect(lag).toBeGreaterThanOrEqual(49);
    expect(heap).toBeGreaterThan(0);
    expect(heap).toBeLessThan(1);
  });

  it('shows a stall that began just after a reading, and among many ticks in time', async () => {
    const gauge = processGauge();
    gauge.start();
    gauge.read();
    stall(60);
    const end = performance.now() + 800;
    await until(() => performance.now() > end);
    const { lag } = gauge.read();
    gauge.stop();
    expect(lag).toBeGreaterThanOrEqual(49);
  });

  it('shows each stall once', async () => {
    const gauge = processGauge();
    gauge.start();
    stall(500);
    gauge.read();
    await setImmediate();
    expect(gauge.read().lag).toBeLessThan(400);
    gauge.stop();
  });

  it('shows no lag of a pause, in which the process had no CPU', async () => {
    const gauge = processGauge();
    gauge.start();
    gauge.read();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await setImmediate();
    expect(gauge.read().lag).toBeLessThan(1_000);
    stall(1_100);
    await setImmediate();
    expect(gauge.read().lag).toBeGreaterThanOrEqual(1_000);
    gauge.stop();
  });

  it('shows no lag where nothing was measured', () => {
    const gauge = processGauge();
    stall(20);
    expect(gauge.read().lag).toBe(0);
  });
});
