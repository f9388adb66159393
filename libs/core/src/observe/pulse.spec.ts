import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../fleet/model.js';
import { meanOf } from '../learned/load-times.js';

const SERVER = aServer('t').id;

describe('the idle time of a fresh replica', () => {
  const A = aModel('a').id;
  /** One that is first looked at 4 s after its load. */
  function fresh(): CoreDriver {
    const driver = new CoreDriver().declare(aModel('a', { idleUnload: 10_000 })).serve(aServer('t'), ['a']);
    driver.resolve('a', { lease: 0 });
    driver.fleet.servers.get(SERVER)!.lookTook = 1_000;
    driver.loadEnds('a', 't');
    return driver;
  }
  const serves = (driver: CoreDriver, succeeded: number): void =>
    void driver.shelf('t').served.set(A, { succeeded, failed: 0, lastInference: 70 + succeeded });

  it('does not begin at its warm-up, which its first statistics show', () => {
    const driver = fresh();
    serves(driver, 1);
    driver.pass(10_500);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('begins at what later ones show', () => {
    const driver = fresh();
    serves(driver, 1);
    driver.pass(5_000);
    serves(driver, 2);
    driver.pass(6_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('ends with a fresh copy behind the same row, of which the config is read anew', () => {
    const driver = fresh();
    serves(driver, 5);
    driver.pass(5_000);
    serves(driver, 0);
    expect(driver.pass(2_500)).toContainEqual({ kind: 'describe', server: SERVER, model: A });
  });

  it('does not begin anew with the warm-up of a copy that another client put in its place', () => {
    const driver = fresh();
    serves(driver, 5);
    driver.pass(5_000);
    serves(driver, 1);
    driver.pass(5_500);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });
});

describe('the queue of a hidden copy', () => {
  const A = aModel('a').id;

  function beside(parts: Partial<Model> = {}): CoreDriver {
    const driver = new CoreDriver()
      .declare(aModel('a', { idleUnload: 10_000, ...parts }))
      .serve(aServer('t', [10], { strangers: 'adopt' }), ['a'])
      .warm('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.shelf('t').set('a', 'READY');
    driver.pass(1_000);
    expect(driver.fleet.servers.get(SERVER)!.hidden).toHaveLength(1);
    driver.shelf('t').pending.set(A, 3);
    return driver;
  }

  it('is no use of the copy that serves', () => {
    const driver = beside();
    driver.pass(30_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'unload a@t']);
  });

  it('is no strain of it either, which its own statistics tell of', () => {
    const driver = beside({ maxCopies: 2, idleUnload: null });
    const queue = (): number => driver.fleet.strains.get(A)!.samples.get(SERVER)!.queue;
    driver.pass(5_000);
    expect(queue()).toBe(0);
    const counts = { succeeded: 5, failed: 0, lastInference: 7 };
    driver.shelf('t').served.set(A, { ...counts, waited: 10_000 });
    const { statisticsAt } = driver.fleet.servers.get(SERVER)!;
    while (driver.fleet.servers.get(SERVER)!.statisticsAt === statisticsAt) driver.pass(100);
    expect(queue()).toBeGreaterThan(1);
  });
});

describe('how long executions of a model take', () => {
  const A = aModel('a').id;
  let driver: CoreDriver;
  beforeEach(() => {
    driver = new CoreDriver()
      .declare(aModel('a', { idleUnload: 60_000 }))
      .serve(aServer('t'), ['a'])
      .warm('a', 't');
    driver.pass(2_500);
  });

  /** @param computed milliseconds of all of them together. */
  const serves = (succeeded: number, computed: number, failed = 0): number | undefined => {
    driver.shelf('t').served.set(A, { succeeded, failed, lastInference: succeeded + failed, computed });
    driver.fleet.servers.get(SERVER)!.statisticsWanted = driver.now + 100;
    driver.pass(100);
    const known = driver.fleet.serviceTimes.get(A);
    return known && meanOf(known);
  };

  it('is not known before one has succeeded', () => {
    expect(serves(0, 0, 2)).toBeUndefined();
  });

  it('is learned from what its counts have grown by', () => {
    expect(serves(10, 100)).toBe(10);
    expect(serves(20, 500)).toBe(25);
    expect(serves(20, 500, 1)).toBe(25);
  });

  it('is learned on when a fresh copy counts from zero, but not from what is first seen of it', () => {
    serves(10, 100);
    expect(serves(2, 140)).toBe(10);
    expect(serves(4, 220)).toBe(15);
  });

  it('outlives its copies, but not the model', () => {
    serves(10, 100);
    driver.pass(90_000);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(driver.fleet.serviceTimes.has(A)).toBe(true);
    driver.shelf('t').states.delete(A);
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    driver.pass(60_000);
    expect(driver.fleet.serviceTimes.has(A)).toBe(false);
  });
});
