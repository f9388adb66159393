import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Event } from '../fleet/events.js';
import type { ModelId } from '../fleet/ids.js';

const A = 'a' as ModelId;

type Verb = 'load' | 'unload' | 'reload';
type Orders = readonly [Verb, Verb, Verb];

const ENDING_IN_A_COPY: readonly Orders[] = [
  ['reload', 'unload', 'load'],
  ['unload', 'reload', 'load'],
  ['unload', 'load', 'reload'],
  ['load', 'unload', 'reload'],
  ['reload', 'load', 'reload'],
];

const ENDING_IN_NONE: readonly Orders[] = [
  ['reload', 'load', 'unload'],
  ['load', 'reload', 'unload'],
];

/** One copy on one of two servers with room for it, and orders about it that come before the first is carried out. */
describe('orders about one model sent together', () => {
  function begin(): CoreDriver {
    const driver = new CoreDriver();
    driver.unloadsEnd = false;
    driver.declare(aModel('a', { gpuBytes: 6 }));
    driver.serve(aServer('s', [10]), ['a']);
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a']);
    driver.pass(11_000);
    return driver;
  }

  function eventFor(driver: CoreDriver, verb: Verb): Event {
    const until = driver.now + 60_000;
    switch (verb) {
      case 'load':
        return { kind: 'LoadOrdered', model: A, until };
      case 'unload':
        return { kind: 'UnloadOrdered', model: A, force: true };
      case 'reload':
        return { kind: 'ReloadOrdered', model: A, until };
    }
  }

  /** The unload ends, and every load, until nothing is under way any more. */
  function end(driver: CoreDriver): string[] {
    driver.unloadsEnd = true;
    driver.shelf('s').set('a', 'UNAVAILABLE', 'unloaded');
    for (let turn = 0; turn < 4; turn++) {
      driver.pass(4_000);
      for (const server of ['s', 't']) if (driver.isLoading('a', server)) driver.loadEnds('a', server);
    }
    return [...driver.fleet.replicas.values()].map(({ phase }) => phase);
  }

  const together = (orders: Orders): string[] => {
    const driver = begin();
    driver.tell(...orders.map((verb) => eventFor(driver, verb)));
    return end(driver);
  };

  const inTurns = (orders: Orders): string[] => {
    const driver = begin();
    for (const verb of orders) driver.tell(eventFor(driver, verb));
    return end(driver);
  };

  it.each(ENDING_IN_A_COPY)('leave one copy: %s, %s, %s', (...orders) => {
    expect([together(orders), inTurns(orders)]).toEqual([['ready'], ['ready']]);
  });

  it.each(ENDING_IN_NONE)('leave none: %s, %s, %s', (...orders) => {
    expect([together(orders), inTurns(orders)]).toEqual([[], []]);
  });
});
