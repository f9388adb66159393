import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { GPU, load, onOneGpu, REST, show } from '../../../../test/support/one-gpu.js';
import type { Model } from '../fleet/model.js';
import { memoryOf } from '../explain/view.js';

const A = aModel('a').id;

/** One GPU of 10, and `a`, which may take 4. */
function aDriver(onLimitExceeded: Model['onLimitExceeded']): CoreDriver {
  const model = aModel('a', { gpuBytes: 4, idleUnload: null, config: '{}', onLimitExceeded });
  return onOneGpu(0).declare(model);
}

/** A load of it after which so much is in use; unless it has left by then, it is unloaded, and nothing is in use. */
function loadOnce(driver: CoreDriver, used: number): void {
  load(driver, 'a', used);
  if (driver.phase('a', 't') === 'ready') driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
  show(driver, 0);
  driver.pass(REST);
}

describe('a model of which one load seems to take more than its limit, as where another process came meanwhile', () => {
  it.each(['unload', 'quarantine'] as const)('stays and is booked with that: %s', (policy) => {
    const driver = aDriver(policy);
    load(driver, 'a', 7);
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@t']);
    expect(memoryOf(driver.fleet)(GPU).held).toBe(7);
  });

  it('is loaded again, and again where its other loads are within the limit', () => {
    const driver = aDriver('quarantine');
    for (const used of [7, 3, 3, 7, 3]) loadOnce(driver, used);
    expect(driver.orders().filter((order) => order === 'load a@t')).toHaveLength(5);
    expect(driver.fleet.limitViolations.has(A)).toBe(false);
  });

  it('is not quarantined by a copy on two GPUs that both seem to hold too much', () => {
    const model = aModel('a', { gpuBytes: 4, idleUnload: null, onLimitExceeded: 'quarantine' });
    const driver = new CoreDriver().declare(model).serve(aServer('t', [10, 10]), ['a']);
    show(driver, 0, 0);
    driver.pass(REST);
    driver.resolve('a');
    show(driver, 7, 7);
    driver.loadEnds('a', 't');
    driver.pass(REST);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.fleet.footprints.get(A)).toEqual({ peak: 7, times: 1, latest: [0, 7] });
  });
});

describe('a model of which two loads in a row take more than its limit', () => {
  it('is quarantined, where that is the policy', () => {
    const driver = aDriver('quarantine');
    loadOnce(driver, 7);
    loadOnce(driver, 6);
    expect(driver.answerTo(driver.resolve('a'))).toBe('load_failed');
    expect(driver.fleet.limitViolations.get(A)?.bytes).toBe(6);
  });

  it('is unloaded once, where that is the policy', () => {
    const driver = aDriver('unload');
    loadOnce(driver, 7);
    load(driver, 'a', 7);
    show(driver, 0);
    driver.pass(REST);
    expect(driver.fleet.lastUnloads.get(A)?.cause).toBe('withdrawn');
    load(driver, 'a', 7);
    driver.pass(60_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });
});
