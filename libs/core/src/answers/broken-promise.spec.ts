import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { AccountId, Event, RequestId } from '../index.js';
import { brokenBy } from './broken-promise.js';

const NAMES = ['first', 'b', 'c'];
const T = aServer('t').id;

/** One load slot, and room for all; a load takes 8 s, and nine of ten no more than 12 s. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver().declare(...NAMES.map((name) => aModel(name)));
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
  driver.serve(aServer('t', [99]), NAMES);
  const anywhere = { mean: Math.log(8_000), deviation: Math.log(1.5) / 1.6 / Math.sqrt(1 + 1 / 8), count: 8 };
  for (const name of NAMES)
    driver.tell({ kind: 'LoadTimesRemembered', model: aModel(name).id, anywhere, on: [] });
  return driver;
}

/** The same, where `b` is promised behind the load of `first`, which has just begun. */
function promised(): { driver: CoreDriver; request: string } {
  const driver = aDriver();
  driver.resolve('first');
  const request = driver.resolve('b', { wait: 22_000 });
  expect(driver.fleet.promises.get(request as never)).toBeGreaterThan(driver.now);
  return { driver, request };
}

/** Why the promise to a refused request was broken; undefined where nothing was promised. */
function brokenFor(driver: CoreDriver, request: string): string | undefined {
  const [answer] = driver.answers.get(request)!;
  return answer?.kind === 'refuse' ? answer.broken : 'not refused';
}

describe('a promise is broken', () => {
  it.each<[string, string, (driver: CoreDriver) => unknown]>([
    ['load_late', 'the load before it goes on', (driver) => driver.pass(22_000)],
    [
      'load_late',
      'the load before it took longer than nine of ten, and its own runs',
      (driver) => {
        driver.pass(12_500);
        driver.loadEnds('first', 't');
        driver.pass(9_500);
      },
    ],
    [
      'load_failed',
      'its load has failed',
      (driver) => {
        driver.pass(8_000);
        driver.loadEnds('first', 't');
        driver.pass(1_000);
        driver.loadEnds('b', 't', 'configuration');
        driver.pass(22_000);
      },
    ],
    [
      'outranked',
      'a higher class has taken its time',
      (driver) => {
        driver.pass(4_000);
        driver.resolve('c', { class: 'critical' });
        driver.pass(4_000);
        driver.loadEnds('first', 't');
        driver.pass(12_000);
      },
    ],
    [
      'server',
      'the server is lost',
      (driver) => {
        driver.tell({ kind: 'ContactChanged', server: T, fact: 'ended' });
        driver.pass(5_000);
      },
    ],
    [
      'operator',
      'the fleet is frozen',
      (driver) => {
        driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
        driver.pass(22_000);
      },
    ],
    ['operator', 'its model is disabled', (driver) => driver.declare(aModel('b', { enabled: false }))],
  ])('for %s where %s', (cause, _, happen) => {
    const { driver, request } = promised();
    happen(driver);
    expect(brokenFor(driver, request)).toBe(cause);
  });

  it('for load_late where the load before it has ended late, within the reserve of the promise, and its own runs', () => {
    const driver = aDriver();
    driver.resolve('first');
    const request = driver.resolve('b', { wait: 24_000 });
    driver.pass(12_050);
    driver.loadEnds('first', 't');
    expect(driver.fleet.lost.size).toBe(0);
    driver.pass(11_950);
    expect([driver.isLoading('b', 't'), brokenFor(driver, request)]).toEqual([true, 'load_late']);
  });

  it.each<[string, Event]>([
    ['a pin', { kind: 'ModelDeclared', model: aModel('c', { pinnedCopies: 1 }) }],
    ['a copy to be kept warm', { kind: 'ModelDeclared', model: aModel('c', { minCopies: 1 }) }],
    ["an admin's order", { kind: 'LoadOrdered', model: aModel('c').id, until: Infinity }],
  ])('for operator where %s has taken its time, and is loaded when it breaks', (_, event) => {
    const { driver, request } = promised();
    driver.tell(event);
    driver.pass(8_000);
    driver.loadEnds('first', 't');
    expect(driver.isLoading('c', 't')).toBe(true);
    driver.pass(14_000);
    expect(brokenFor(driver, request)).toBe('operator');
  });

  it('for operator where what took its time is there already when it breaks', () => {
    const { driver, request } = promised();
    driver.tell({ kind: 'LoadOrdered', model: aModel('c').id, until: Infinity });
    driver.pass(8_000);
    driver.loadEnds('first', 't');
    driver.pass(7_500);
    driver.loadEnds('c', 't');
    driver.pass(6_500);
    expect([driver.isLoading('b', 't'), brokenFor(driver, request)]).toEqual([true, 'operator']);
  });

  it('not for operator by what it brings where the model of the request is not', () => {
    const { driver, request } = promised();
    driver.serve(aServer('u', [4]), ['c']);
    driver.tell({ kind: 'LoadOrdered', model: aModel('c').id, until: Infinity });
    expect(driver.isLoading('c', 'u')).toBe(true);
    const waiting = driver.fleet.waiting.get(request as RequestId)!;
    const late = { reason: 'deadline_unreachable', retryAfter: 0 } as const;
    expect(brokenBy(driver.fleet, waiting, late, new Now(driver.now))).toBe('unknown');
  });

  it('for no server but those where its job stood', () => {
    const { driver, request } = promised();
    driver.serve(aServer('u', [4]), NAMES);
    driver.tell({ kind: 'ContactChanged', server: aServer('u').id, fact: 'ended' });
    driver.pass(5_000);
    const waiting = driver.fleet.waiting.get(request as RequestId)!;
    const late = { reason: 'deadline_unreachable', retryAfter: 0 } as const;
    expect(brokenBy(driver.fleet, waiting, late, new Now(driver.now))).toBe('unknown');
  });

  /** A server that `x` fills but for `first`, which loads; `b` is promised the memory of `x`. */
  function counting(load = 8_000): { driver: CoreDriver; request: string } {
    const driver = new CoreDriver().declare(
      aModel('first', { gpuBytes: 1 }),
      ...['b', 'x'].map((name) => aModel(name, { gpuBytes: 8, minResidency: 0 })),
    );
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1, loadsPerDevicePerMinute: 1 };
    driver.serve(aServer('t', [9]), ['first', 'b', 'x']).warm('x', 't');
    driver.loadsTake('first', 8_000).loadsTake('b', load);
    driver.unloadsTake('t', 1_000).pass(20_000);
    driver.resolve('first');
    const request = driver.resolve('b', { wait: 30_000 });
    expect(driver.fleet.promises.get(request as RequestId)).toBeGreaterThan(driver.now);
    return { driver, request };
  }

  it('for operator where what it counts on is pinned, or another is that fills the server, and it is told at once', () => {
    for (const pinned of ['x', 'first']) {
      const { driver, request } = counting();
      driver.declare(aModel(pinned, { gpuBytes: pinned === 'x' ? 8 : 9, minResidency: 0, pinnedCopies: 1 }));
      expect([pinned, brokenFor(driver, request)]).toEqual([pinned, 'operator']);
    }
  });

  it('for evictions where others have used up those of a minute', () => {
    const { driver, request } = counting();
    driver.fleet.evictions.set('gpu:t/0' as AccountId, [driver.now]);
    driver.pass(8_000);
    driver.loadEnds('first', 't');
    driver.pass(22_000);
    expect(brokenFor(driver, request)).toBe('evictions');
  });

  it.each<[string, (driver: CoreDriver) => unknown]>([
    ['an unload goes on', (driver) => (driver.unloadsEnd = false)],
    ['a lease does', (driver) => driver.resolve('x', { lease: 60_000 })],
  ])('for memory_late where %s, though with its only request the place is given up', (_, happen) => {
    const { driver, request } = counting(1);
    happen(driver);
    driver.pass(8_000);
    driver.loadEnds('first', 't');
    driver.pass(22_000);
    expect(brokenFor(driver, request)).toBe('memory_late');
  });

  it('by no refusal of a request that was promised nothing', () => {
    const driver = aDriver();
    driver.resolve('first');
    expect(brokenFor(driver, driver.resolve('b', { wait: 1_000 }))).toBeUndefined();
  });
});
