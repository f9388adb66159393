import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { meanOf } from '../service-times.js';

const SERVER = aServer('t').id;

describe('the idle time of a fresh replica', () => {
  it('begins at the inference that its first statistics show', () => {
    const driver = new CoreDriver().declare(aModel('a', { idleUnload: 10_000 })).serve(aServer('t'), ['a']);
    driver.resolve('a', { lease: 0 });
    driver.fleet.servers.get(SERVER)!.lookTook = 1_000;
    driver.loadEnds('a', 't');
    const servedOnce = { succeeded: 1, failed: 0, lastInference: 77 };
    driver.shelf('t').served.set(aModel('a').id, servedOnce);
    driver.pass(11_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
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

  it('is learned on when a fresh copy counts from zero', () => {
    serves(10, 100);
    expect(serves(2, 140)).toBe(20);
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
