import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

/** Two models of which a device holds one, and one swap a minute; `a` is warm and idle, and `b` has just made room for it. */
function swapped(budget = 1): CoreDriver {
  const driver = new CoreDriver();
  driver.tell({
    kind: 'LimitsSet',
    limits: { ...driver.fleet.limits, loadsPerDevicePerMinute: budget },
    defaults: driver.fleet.defaults,
  });
  driver
    .declare(aModel('a', { gpuBytes: 8 }), aModel('b', { gpuBytes: 8 }), aModel('small', { gpuBytes: 1 }))
    .serve(aServer('s', [10]), ['a', 'b', 'small'])
    .warm('b', 's');
  driver.pass(20_000);
  driver.resolve('a', { lease: 1_000 });
  driver.pass(3_000);
  driver.loadEnds('a', 's');
  driver.pass(2_000);
  expect(driver.orders()).toEqual(['load b@s', 'unload b@s', 'load a@s']);
  return driver;
}

describe('a device that has had its swaps of a minute', () => {
  it('makes nobody else leave until one is left again, without anything that happens', () => {
    const driver = swapped();
    const began = driver.now;
    driver.tell({ kind: 'LoadOrdered', model: aModel('b').id, until: driver.now + 600_000 });
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 600_000 };
    driver.pass(54_000);
    expect(driver.orders().length).toBe(3);
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
    expect(driver.now - began).toBeLessThan(60_000);
  });

  it('takes what fits it free', () => {
    const driver = swapped();
    driver.resolve('small');
    expect(driver.orders().slice(3)).toEqual(['load small@s']);
  });

  it('makes others leave for who starves', () => {
    const driver = swapped();
    driver.resolve('b');
    driver.pass(29_000);
    expect(driver.orders().length).toBe(3);
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });

  it('makes others leave for a pin', () => {
    const driver = swapped();
    driver.declare(aModel('b', { gpuBytes: 8, pinnedCopies: 1 }));
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });

  it('tells who waits for that alone, and how long it will be', () => {
    const driver = swapped();
    const request = driver.resolve('b', { wait: 5_000 });
    driver.pass(5_000);
    expect(driver.refusalOf(request)).toMatchObject({
      reason: 'loading',
      phase: 'waiting',
      detail: 'load_budget',
    });
    expect(driver.refusalOf(request).eta).toBeGreaterThan(45_000);
    expect(driver.refusalOf(request).eta).toBeLessThan(65_000);
  });

  it('does not call that a budget which still has a swap left', () => {
    const driver = swapped(2);
    driver.resolve('b', { wait: 5_000 });
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });
});
