import { describe, expect, it } from '@jest/globals';
import { aModel, type CoreDriver } from '../../../../test/support/core-driver.js';
import { swapped } from '../../../../test/support/swapped.js';

/** One swap a minute, if no other budget is told: `a` is warm and idle, and `b` has just made room for it. */
function idleAfterSwap(loadsPerDevicePerMinute = 1): CoreDriver {
  const driver = swapped({ loadsPerDevicePerMinute });
  driver.pass(2_000);
  expect(driver.orders()).toEqual(['load b@s', 'unload b@s', 'load a@s']);
  return driver;
}

describe('a device that has had its swaps of a minute', () => {
  it('makes nobody else leave until one is left again, without anything that happens', () => {
    const driver = idleAfterSwap();
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
    const driver = idleAfterSwap();
    driver.resolve('small');
    expect(driver.orders().slice(3)).toEqual(['load small@s']);
  });

  it('makes others leave for who starves', () => {
    const driver = idleAfterSwap();
    driver.resolve('b');
    driver.pass(29_000);
    expect(driver.orders().length).toBe(3);
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });

  it('makes others leave for a pin', () => {
    const driver = idleAfterSwap();
    driver.declare(aModel('b', { gpuBytes: 8, pinnedCopies: 1 }));
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });

  it('tells who waits for that alone, and how long it will be', () => {
    const driver = idleAfterSwap();
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

  /** A swap may come sooner than the budget says, for who starves: what is sure is that the load takes its time. */
  it('turns away at once who has less time than the load alone takes, and hints at the swap', () => {
    const driver = idleAfterSwap().loadsTake('b', 8_000);
    const refusal = driver.refusalOf(driver.resolve('b', { wait: 7_000 }));
    expect(refusal.reason).toBe('deadline_unreachable');
    expect(refusal.retryAfter).toBeGreaterThan(45_000);
    expect(driver.answerTo(driver.resolve('b', { wait: 9_000 }))).toBe('waiting');
  });

  it('counts the load that follows in what it tells', () => {
    const etaWith = (took: number): number => {
      const driver = idleAfterSwap();
      driver.loadsTake('b', took);
      return driver.refusalOf(driver.resolve('b', { wait: 0 })).eta!;
    };
    expect(etaWith(7_000)).toBe(etaWith(1) + 6_999);
  });

  it('does not call that a budget which still has a swap left', () => {
    const driver = idleAfterSwap(2);
    driver.resolve('b', { wait: 5_000 });
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });
});
