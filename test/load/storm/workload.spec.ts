import { describe, expect, it } from '@jest/globals';
import { capacityOf, drawArrivals, drawWorkload, rateOf, type Workload } from './workload.js';

const workload = drawWorkload(1);
const PHASES = [
  { lasts: 100_000, load: 1 },
  { lasts: 100_000, load: 3 },
];

describe('the workload', () => {
  it('is the same for the same seed', () => {
    expect(drawWorkload(1)).toEqual(workload);
    expect(drawArrivals(workload, PHASES, 2)).toEqual(drawArrivals(workload, PHASES, 2));
    expect(drawArrivals(workload, PHASES, 3)).not.toEqual(drawArrivals(workload, PHASES, 2));
  });

  it('has as much capacity as its slots load', () => {
    const models = [{ name: 'm', mb: 1, loadMs: 2_000 }];
    const small: Workload = {
      ...workload,
      servers: 3,
      gpus: 2,
      loadsPerServer: 1,
      loadsPerDevice: 1,
      models,
    };
    expect(capacityOf(small)).toBeCloseTo(1.48, 2);
  });

  it('asks for what is warm on top of what the slots can load', () => {
    expect(rateOf(workload)).toBeGreaterThan(capacityOf(workload));
  });

  it('arrives in order, at the rate of each phase', () => {
    const arrivals = drawArrivals(workload, PHASES, 2);
    const times = arrivals.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    const early = times.filter((at) => at < 100_000).length;
    expect(early / 100 / rateOf(workload)).toBeCloseTo(1, 0);
    expect((times.length - early) / early).toBeGreaterThan(2.5);
  });

  it('has few critical requests, and waits of 2 to 20 s', () => {
    const arrivals = drawArrivals(workload, PHASES, 2);
    const critical = arrivals.filter((one) => one.class === 'critical').length;
    expect(critical / arrivals.length).toBeLessThan(0.08);
    expect(arrivals.every(({ wait }) => wait >= 2_000 && wait <= 20_000)).toBe(true);
  });

  it('asks most for the first models', () => {
    const arrivals = drawArrivals(workload, PHASES, 2);
    const forModel = (name: string): number => arrivals.filter(({ model }) => model === name).length;
    expect(forModel('m0')).toBeGreaterThan(forModel('m30'));
  });
});
