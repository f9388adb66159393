import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../fleet/model.js';

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

  it('is no utilisation of it either, which its own statistics tell of', () => {
    const driver = beside({ maxCopies: 2, idleUnload: null });
    const queue = (): number => driver.fleet.utilisations.get(A)!.samples.get(SERVER)!.queue;
    driver.pass(5_000);
    expect(queue()).toBe(0);
    const counts = { succeeded: 5, failed: 0, lastInference: 7 };
    driver.shelf('t').served.set(A, { ...counts, waited: 10_000 });
    const { statisticsAt } = driver.fleet.servers.get(SERVER)!;
    while (driver.fleet.servers.get(SERVER)!.statisticsAt === statisticsAt) driver.pass(100);
    expect(queue()).toBeGreaterThan(1);
  });
});
