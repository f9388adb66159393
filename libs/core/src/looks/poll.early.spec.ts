import { expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Millis } from '../fleet/model.js';
import { wakeOf } from '../../../../test/support/decide.js';

const T = aServer('t').id;

/** A full server of which one copy is being unloaded, for a job that waits there or for none. */
function unloading(forJob: boolean, lookTook: Millis = 0): CoreDriver {
  const models = ['a', 'b'].map((id) => aModel(id, { gpuBytes: 10, idleUnload: null, config: '{}' }));
  const driver = new CoreDriver()
    .declare(...models)
    .serve(aServer('t', [10]), ['a', 'b'])
    .warm('a', 't');
  driver.pass(30_000);
  driver.unloadsEnd = false;
  if (forJob) driver.resolve('b');
  driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
  driver.fleet.servers.get(T)!.lookTook = lookTook;
  return driver;
}

/** How long after the order looks are taken; each is said to have taken so long. */
function looksAfter(driver: CoreDriver, millis: Millis, lookTook: Millis = 0): Millis[] {
  const began = driver.now - 1;
  const at: Millis[] = [];
  while (driver.now < began + millis) {
    const wake = Math.min(began + millis, wakeOf(driver.fleet, driver.now));
    const actions = driver.pass(wake - driver.now);
    if (actions.some(({ kind }) => kind === 'look')) at.push(driver.now - began);
    driver.fleet.servers.get(T)!.lookTook = lookTook;
  }
  return at;
}

it('a job that waits for an unload has its server looked at 50, 100, 200 and 400 ms after the order', () => {
  expect(looksAfter(unloading(true), 450)).toEqual([50, 100, 200, 400]);
});

it('an unload for which no job waits is looked at as every open order', () => {
  expect(looksAfter(unloading(false), 450)).toEqual([]);
});

it('looks that take a fifth of their moment or longer are not taken early', () => {
  expect(looksAfter(unloading(true, 20), 450, 20)).toEqual([200, 400]);
});
