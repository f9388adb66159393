import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

/** `hot` (8) holds the GPU of 10, and its load took 8 s. */
function hot(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('hot', { gpuBytes: 8 }), aModel('rare', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['hot', 'rare'])
    .warm('hot', 't')
    .loadsTake('hot', 8_000)
    .loadsTake('rare', 8_000);
  driver.pass(30_000);
  return driver;
}

/** For so long `hot` is asked for three times a second, and `rare` every two seconds by a request that does not wait. */
function isAskedFor(driver: CoreDriver, seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    for (let one = 0; one < 3; one += 1) driver.resolve('hot', { lease: 0, wait: 0 });
    if (second % 2 === 0) driver.resolve('rare', { wait: 0 });
    driver.pass(1_000);
  }
}

describe('best-effort demand', () => {
  it('lasts as long as requests renew it, until it starves', () => {
    const driver = hot();
    isAskedFor(driver, 119);
    expect(driver.phase('hot', 't')).toBe('ready');
    isAskedFor(driver, 3);
    expect(driver.orders().slice(1)).toEqual(['unload hot@t', 'load rare@t']);
  });

  it('ends when no request has renewed it for a minute', () => {
    const driver = hot();
    driver.resolve('hot', { lease: 300_000 });
    driver.resolve('rare', { wait: 0 });
    driver.pass(40_000);
    driver.resolve('rare', { wait: 0 });
    driver.pass(59_000);
    expect([...driver.fleet.bestEffort.keys()]).toEqual(['rare']);
    driver.pass(1_000);
    expect(driver.fleet.bestEffort.size).toBe(0);
  });

  it('of an admin ends when the admin said', () => {
    const driver = hot();
    driver.resolve('hot', { lease: 300_000 });
    driver.tell({ kind: 'LoadOrdered', model: aModel('rare').id, until: driver.now + 10_000 });
    driver.resolve('rare', { wait: 0 });
    driver.pass(10_000);
    expect(driver.fleet.bestEffort.size).toBe(0);
  });
});
