import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { foreign, GPU, load, onOneGpu, REST, SERVER, show } from '../../../../test/support/one-gpu.js';
import { replicaId } from '../fleet/ids.js';
import type { Unloading } from '../fleet/replica.js';
import { memoryOf } from '../explain/view.js';

const gpu = (driver: CoreDriver) => memoryOf(driver.fleet)(GPU);
const A = replicaId(aModel('a').id, SERVER);
const clean = (driver: CoreDriver) => driver.fleet.servers.get(SERVER)!.meters.get(0)!.clean!;
const footprint = (driver: CoreDriver, model: string) => driver.fleet.footprints.get(aModel(model).id);

describe('the footprint of a model', () => {
  it('is the difference around a load during which nothing else moved', () => {
    const driver = onOneGpu(1);
    load(driver, 'a', 4);
    expect(footprint(driver, 'a')).toMatchObject({ peak: 3, times: 1 });
    expect(foreign(driver)).toBe(1);
    expect(gpu(driver)).toMatchObject({ capacity: 9, held: 4 });
  });

  it('is not learned where two copies came of which nothing was known', () => {
    const driver = onOneGpu(0, { a: 4, b: 4 });
    driver.warm('a', 't').warm('b', 't');
    show(driver, 8);
    driver.pass(REST);
    expect(footprint(driver, 'a')).toBeUndefined();
    expect(footprint(driver, 'b')).toBeUndefined();
  });

  it('is learned beside a copy whose size is known', () => {
    const driver = onOneGpu(1, { a: 4, b: 4, c: 2 });
    load(driver, 'a', 4);
    driver.warm('b', 't');
    show(driver, 9);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(1_000);
    show(driver, 6);
    driver.pass(REST);
    expect(driver.orders()).toEqual(['load a@t', 'load b@t', 'unload a@t']);
    expect(footprint(driver, 'b')).toMatchObject({ peak: 5, times: 1 });
  });

  it('is not learned where something of unknown size left meanwhile', () => {
    const driver = onOneGpu(0, { a: 4, b: 4, c: 2 });
    driver.warm('b', 't').warm('c', 't');
    show(driver, 6);
    driver.pass(REST);
    driver.warm('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    show(driver, 5);
    driver.pass(REST);
    expect(driver.phase('b', 't')).toBeUndefined();
    expect(footprint(driver, 'a')).toBeUndefined();
  });

  it('is not learned beside a copy that has left before the clean sample, and ends after it', () => {
    const driver = onOneGpu(0);
    load(driver, 'a', 4);
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    const { order, ...unloading } = driver.fleet.replicas.get(A) as Unloading;
    driver.fleet.replicas.set(A, { order, ...unloading, answeredAt: null });
    driver.tell({ kind: 'UnloadEnded', order, replica: A, outcome: { kind: 'unknown' } });
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    show(driver, 0);
    while (clean(driver).used > 0) driver.pass(50);
    expect(driver.phase('a', 't')).toBe('unknown');
    driver.warm('b', 't');
    show(driver, 4);
    driver.pass(REST);
    expect([driver.phase('a', 't'), clean(driver).used, footprint(driver, 'b')]).toEqual([
      undefined,
      4,
      undefined,
    ]);
  });

  it('is not learned from a load that failed', () => {
    const driver = onOneGpu(0, { a: 4, b: 4 });
    driver.resolve('a', { wait: 1_000 });
    driver.loadEnds('a', 't', 'missing');
    load(driver, 'b', 3);
    expect(footprint(driver, 'a')).toBeUndefined();
    expect(footprint(driver, 'b')).toMatchObject({ peak: 3, times: 1 });
  });

  it('is not learned where the last clean sample is more than a minute old', () => {
    const driver = onOneGpu(0, { a: 4, b: 4 });
    driver.resolve('a');
    driver.pass(58_000);
    show(driver, 3);
    driver.loadEnds('a', 't');
    driver.pass(REST);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(footprint(driver, 'a')).toBeUndefined();
  });

  it('is not learned where another copy was found meanwhile', () => {
    const driver = onOneGpu(0, { a: 4, b: 2 });
    driver.resolve('a');
    driver.shelf('t').set('b', 'READY');
    show(driver, 6);
    driver.pass(1_000);
    driver.loadEnds('a', 't');
    driver.pass(REST);
    expect(footprint(driver, 'a')).toBeUndefined();
  });

  it('is what is missing after a copy has left of which nothing was known', () => {
    const driver = onOneGpu(0, { a: 4, b: 4 });
    driver.warm('a', 't').warm('b', 't');
    show(driver, 8);
    driver.pass(REST);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    show(driver, 3);
    driver.pass(REST);
    expect(footprint(driver, 'a')).toMatchObject({ peak: 5, times: 1 });
  });

  it('that was measured once is corrected by a smaller second measurement, and is the larger one from then on', () => {
    const driver = onOneGpu(0, { a: 2 });
    const peaks = [6, 3, 5, 4].map((used) => {
      load(driver, 'a', used);
      driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
      show(driver, 0);
      driver.pass(REST);
      return footprint(driver, 'a')!.peak;
    });
    expect(peaks).toEqual([6, 3, 5, 5]);
  });

  it('is booked where it is larger than declared', () => {
    const driver = onOneGpu(0);
    load(driver, 'a', 6);
    expect(gpu(driver)).toMatchObject({ capacity: 10, held: 6 });
  });

  it('of a discovered model is the default until it was measured twice, and then that and a margin', () => {
    const MIB = 2 ** 20;
    const driver = new CoreDriver();
    const { limits, defaults } = driver.fleet;
    driver.tell({ kind: 'LimitsSet', limits, defaults: { ...defaults, gpuBytes: 2048 * MIB } });
    driver.serve(aServer('t', [10_000 * MIB]), ['a']);
    const use = (used: number): void => {
      driver.shelf('t').gpus = [{ uuid: 't-0', memory: 10_000 * MIB, used }];
    };
    const booked: number[] = [];
    for (const used of [100 * MIB, 120 * MIB]) {
      use(0);
      driver.pass(REST);
      driver.resolve('a');
      booked.push(gpu(driver).held);
      use(used);
      driver.loadEnds('a', 't');
      driver.pass(REST);
      booked.push(gpu(driver).held);
      driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    }
    expect(booked).toEqual([2048 * MIB, 2048 * MIB, 2048 * MIB, 376 * MIB]);
  });

  it('is what the backend itself reports, where it does', () => {
    const driver = onOneGpu(0);
    driver.shelf('t').memory.set(aModel('a').id, [{ ordinal: 0, bytes: 5 }]);
    driver.warm('a', 't');
    driver.pass(3_000);
    expect(footprint(driver, 'a')).toMatchObject({ peak: 5, times: 1 });
    expect(gpu(driver).held).toBe(5);
  });
});
