import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { FailureCause } from '../fleet/replica.js';
import { whyOf, type WhyThere } from '../index.js';

const A = aModel('a').id;

const aDriver = (servers: readonly string[] = ['s', 't', 'u']): CoreDriver => {
  const driver = new CoreDriver().declare(aModel('a'), aModel('b'));
  for (const server of servers) driver.serve(aServer(server, [10]), ['a', 'b']);
  return driver;
};

const loads = (driver: CoreDriver): string[] => driver.orders().filter((order) => order.startsWith('load a'));
const loading = (driver: CoreDriver): string[] =>
  [...driver.shelves.keys()].filter((server) => driver.isLoading('a', server));

/** The model is wanted all the time, and each load of it fails, until it has so often. */
function fail(driver: CoreDriver, times: number, cause: FailureCause = 'transient'): void {
  driver.resolve('a', { wait: 0 });
  for (let left = times; left > 0;) {
    const [server] = loading(driver);
    if (server) {
      driver.loadEnds('a', server, cause);
      left -= 1;
    } else driver.pass(100);
  }
}

const broken = ({ fleet }: CoreDriver) => fleet.breakers.get(A);
const why = ({ fleet, now }: CoreDriver): readonly WhyThere[] => whyOf(fleet, A, new Now(now)).there;

describe('a model whose loads fail', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = aDriver();
  });

  it('is tried on another server at once, and there on its own back-off', () => {
    fail(driver, 2);
    expect(loads(driver).toSorted()).toEqual(['load a@s', 'load a@t', 'load a@u']);
  });

  it('is loaded nowhere before its breaker half-opens, also where it never failed', () => {
    driver = aDriver(['s']);
    fail(driver, 3);
    driver.serve(aServer('t', [10]), ['a']);
    const { until } = broken(driver)!;
    driver.pass(until - driver.now - 1);
    expect(loads(driver)).toHaveLength(3);
    expect(why(driver)).toMatchObject([
      { server: 's', verdict: 'cooling_down' },
      { server: 't', verdict: 'cooling_down', until, cooldown: { by: 'breaker', cause: 'transient', until } },
    ]);
    driver.pass(1);
    expect(loads(driver)).toHaveLength(4);
  });

  it('is tried by one load at a time then, however many copies are wanted', () => {
    driver.declare(aModel('a', { pinnedCopies: 3 }));
    for (const nth of [1, 2, 3]) {
      driver.pass(nth * 4_000);
      for (const server of loading(driver)) driver.loadEnds('a', server, 'transient');
    }
    expect(broken(driver)).toMatchObject({ failures: 5, cause: 'transient' });
    driver.pass(broken(driver)!.until - driver.now);
    expect(loading(driver)).toHaveLength(1);
    driver.pass(40_000);
    expect(loading(driver)).toHaveLength(1);
    const waiting = why(driver).filter(({ verdict }) => verdict === 'cooling_down');
    expect(waiting).toHaveLength(2);
    for (const { until, cooldown } of waiting)
      expect({ until, cooldown }).toMatchObject({ until: null, cooldown: { by: 'half_open', until: null } });
  });

  it('is tried no more once a look shows it serve, though the answer to its load was lost', () => {
    driver = aDriver(['s']);
    fail(driver, 3);
    driver.pass(broken(driver)!.until - driver.now);
    driver.loadEnds('a', 's', 'unknown');
    driver.pass(1_000);
    expect(broken(driver)?.failures).toBe(3);
    driver.shelf('s').set('a', 'READY');
    driver.pass(10_000);
    expect([driver.phase('a', 's'), broken(driver)]).toEqual(['ready', undefined]);
  });

  it('is loaded as often as it is wanted once one of them has succeeded', () => {
    driver.declare(aModel('a', { pinnedCopies: 3 }));
    for (const nth of [1, 2, 3]) {
      driver.pass(nth * 4_000);
      for (const server of loading(driver)) driver.loadEnds('a', server, 'transient');
    }
    driver.pass(broken(driver)!.until - driver.now);
    driver.loadEnds('a', loading(driver)[0]!);
    expect(broken(driver)).toBeUndefined();
    driver.pass(60_000);
    expect(loading(driver)).toHaveLength(2);
  });

  it('is tried by another load where one has outlasted its time', () => {
    driver.declare(aModel('a', { loadTimeout: 20_000 }));
    fail(driver, 7);
    driver.resolve('a');
    driver.pass(broken(driver)!.until - driver.now);
    const [first] = loading(driver);
    driver.pass(90_000);
    expect(loading(driver).length).toBe(2);
    expect(loading(driver)).toContain(first);
  });

  it('gives up the place that waits for memory elsewhere when the breaker opens', () => {
    driver = new CoreDriver().serve(aServer('t', [4]), ['a', 'b']).warm('b', 't');
    driver.resolve('b', { lease: 600_000 });
    driver.serve(aServer('s', [10]), ['a']).declare(aModel('a', { pinnedCopies: 2 }));
    for (const _ of [1, 2]) {
      driver.loadEnds('a', 's', 'transient');
      driver.pass(20_000);
    }
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['loading', 'placed']);
    driver.loadEnds('a', 's', 'transient');
    expect(broken(driver)).toMatchObject({ failures: 3, cause: 'transient' });
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('is loaded at once for an admin, who wants it tried all the same', () => {
    fail(driver, 7);
    expect(broken(driver)!.until).toBeGreaterThan(driver.now);
    const before = loads(driver).length;
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    expect(broken(driver)).toBeUndefined();
    expect(loads(driver).length).toBe(before + 1);
  });
});

describe('a request that waits for a model whose loads fail', () => {
  it('is told at once where the cause is lasting', () => {
    const driver = aDriver(['s']);
    const request = driver.resolve('a');
    driver.loadEnds('a', 's', 'configuration');
    expect(driver.refusalOf(request)).toEqual({
      reason: 'load_failed',
      retryAfter: null,
      cause: 'configuration',
    });
  });

  it('is told at once by the breaker, though it never failed on one of the servers', () => {
    const driver = aDriver(['s']);
    fail(driver, 3, 'missing');
    driver.serve(aServer('t', [10]), ['a']);
    expect(driver.refusalOf(driver.resolve('a'))).toMatchObject({ reason: 'load_failed', cause: 'missing' });
  });

  it('is kept where the cause may pass before the deadline', () => {
    const driver = aDriver(['s']);
    const request = driver.resolve('a');
    for (const _ of [1, 2, 3]) {
      driver.loadEnds('a', 's', 'transient');
      driver.pass(4_000);
    }
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadEnds('a', 's');
    expect(driver.answerTo(request)).toBe('s');
  });

  it('is told when the next try may begin, where that is after the deadline', () => {
    const driver = aDriver(['s']);
    fail(driver, 5);
    const until = Math.max(broken(driver)!.until, driver.fleet.cooldowns.get(`a@s` as never)!.until);
    const request = driver.resolve('a', { wait: 100 });
    expect(driver.refusalOf(request)).toMatchObject({
      reason: 'cooling_down',
      cause: 'transient',
      retryAfter: until - driver.now,
    });
  });

  it('is told that it comes too late, where the next try would begin in time and not end', () => {
    const driver = aDriver(['s']).loadsTake('a', 8_000);
    fail(driver, 3);
    const until = Math.max(broken(driver)!.until, driver.fleet.cooldowns.get(`a@s` as never)!.until);
    const wait = until - driver.now + 5_000;
    expect(driver.refusalOf(driver.resolve('a', { wait }))).toMatchObject({
      reason: 'deadline_unreachable',
      retryAfter: 3_000,
    });
    expect(driver.answerTo(driver.resolve('a', { wait: wait + 3_000 }))).toBe('waiting');
  });

  it('waits for the load that is to show it, and is given a route by that', () => {
    const driver = aDriver(['s']);
    fail(driver, 3);
    driver.pass(4_000);
    const request = driver.resolve('a');
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadEnds('a', 's');
    expect(driver.answerTo(request)).toBe('s');
  });
});
