import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const NAMES = ['a', 'x', 'y', 'busy'];

/** `a` (8) was used on the GPU of 10, and its lease is over; a load takes 8 s, and runs alone on its server. */
function idle(...others: number[]): CoreDriver {
  const driver = new CoreDriver()
    .declare(...NAMES.map((name) => aModel(name, { config: '{}', gpuBytes: name === 'busy' ? 20 : 8 })))
    .serve(aServer('t', [10, ...others]), NAMES);
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
  driver.warm('a', 't');
  for (const name of NAMES) driver.loadsTake(name, 8_000);
  driver.pass(30_000);
  return driver;
}

const ask = (driver: CoreDriver, model: string, times = 1): void => {
  for (let one = 0; one < times; one += 1) driver.resolve(model, { wait: 0 });
};

describe('a model that only best-effort demand wants', () => {
  it('takes a free slot, and the memory of what is not in use', () => {
    const driver = idle();
    ask(driver, 'x', 2);
    driver.pass(1_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@t', 'load x@t']);
  });

  it('takes none that is in use', () => {
    const driver = idle();
    driver.resolve('a');
    ask(driver, 'x', 20);
    driver.pass(9_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('makes no copy leave as long as no slot is free', () => {
    const driver = idle(20);
    driver.resolve('busy');
    ask(driver, 'x', 2);
    driver.pass(7_000);
    expect([driver.isLoading('busy', 't'), driver.phase('a', 't')]).toEqual([true, 'ready']);
  });

  it('comes before one that is worth less, whichever was asked for first', () => {
    const driver = idle(20);
    driver.resolve('busy');
    ask(driver, 'x', 2);
    ask(driver, 'y', 3);
    driver.pass(7_000);
    driver.loadEnds('busy', 't');
    driver.pass(1_000);
    expect(driver.orders().at(-1)).toBe('load y@t');
  });

  it('comes after one that starves, whatever they are worth', () => {
    const driver = idle(20);
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 5_000 };
    driver.resolve('busy');
    ask(driver, 'x');
    driver.pass(4 * driver.fleet.limits.starvation);
    ask(driver, 'y', 30);
    driver.loadEnds('busy', 't');
    driver.pass(1_000);
    expect(driver.orders().at(-1)).toBe('load x@t');
  });

  it('leaves the slot to one that fits, while a lease stands in its way', () => {
    const driver = idle();
    driver.declare(aModel('small', { config: '{}', gpuBytes: 2 })).resolve('a', { lease: 600_000 });
    driver.shelf('t').set('small', 'UNAVAILABLE', 'unloaded');
    driver.pass(30_000);
    ask(driver, 'x', 10);
    ask(driver, 'small');
    expect(driver.isLoading('small', 't')).toBe(true);
  });
});
