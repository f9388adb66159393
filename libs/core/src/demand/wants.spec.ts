import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aRequest, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { RequestId } from '../fleet/ids.js';
import { AT_REST } from '../learned/utilisation.js';
import { leavingDraining } from './claims.js';
import { isGivenUp, presentCopies, wantsOf } from './wants.js';

const A = aModel('a').id;
const T = aServer('t').id;
const U = aServer('u').id;

const wanted = ({ fleet, now }: CoreDriver): string[] =>
  wantsOf(fleet, new Now(now)).map(({ model, copies }) => `${model.id} ${copies}`);

const isSlow = (driver: CoreDriver, server = T): unknown =>
  driver.tell({ kind: 'LookFailed', server, why: 'timed_out' });

/** Demand has made so many copies of `a`. */
const demand = ({ fleet }: CoreDriver, copies: number): unknown =>
  fleet.utilisations.set(A, { ...AT_REST, copies });

/** A server lists all these and is slow to answer: nothing can be placed there for the time being. */
function slow(...names: string[]): CoreDriver {
  const driver = new CoreDriver()
    .declare(...names.map((name) => aModel(name)))
    .serve(aServer('t', [100]), names);
  isSlow(driver);
  return driver;
}

describe('what is wanted and not there', () => {
  it('is what is pinned, what a drain is to be rid of, what an admin ordered, what is waited for, and what only best-effort demand wanted', () => {
    const driver = slow('wished', 'ordered', 'later', 'sooner', 'pinned', 'drained');
    driver.serve(aServer('u', [10]), ['drained']).warm('drained', 'u');
    const bestEffort = { until: driver.now + 60_000, admin: false, since: driver.now };
    driver.fleet.bestEffort.set(aModel('wished').id, bestEffort);
    driver.resolve('sooner');
    driver.tell({ kind: 'LoadOrdered', model: aModel('ordered').id, until: driver.now + 60_000 });
    driver.resolve('later');
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: null });
    driver.declare(aModel('pinned', { pinnedCopies: 1 }));
    const all = ['pinned 1', 'drained 1', 'ordered 1', 'sooner 1', 'later 1', 'wished 1'];
    expect(wanted(driver).toSorted()).toEqual(all.toSorted());
  });

  it('is nothing of what is there: a claim that is met is none', () => {
    const driver = slow('a');
    driver.serve(aServer('u', [4]), ['a']).declare(aModel('a', { pinnedCopies: 1, minCopies: 2 }));
    driver.loadEnds('a', 'u');
    expect(wanted(driver)).toEqual(['a 2']);
  });

  it('is named once, with as many copies as the largest claim wants', () => {
    const driver = slow('a');
    driver.declare(aModel('a', { pinnedCopies: 3 }));
    driver.resolve('a');
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    expect(wanted(driver)).toEqual(['a 3']);
  });

  it('is nothing that is not to be loaded', () => {
    const driver = slow('a');
    driver.declare(aModel('a', { enabled: false, pinnedCopies: 1 }));
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    expect(wanted(driver)).toEqual([]);
  });

  it('has been so since it first was, until it is not wanted any more', () => {
    const driver = slow('a');
    const first = driver.now;
    const request = driver.resolve('a');
    driver.pass(3_000);
    expect(wantsOf(driver.fleet, new Now(driver.now))).toMatchObject([{ since: first }]);
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect(driver.fleet.wantedSince.size).toBe(0);
    driver.resolve('a');
    expect(wantsOf(driver.fleet, new Now(driver.now))).toMatchObject([{ since: driver.now }]);
  });

  describe('where it was but a copy by demand before', () => {
    const alone = (): CoreDriver => {
      const driver = slow('a');
      driver
        .serve(aServer('u', [4]), ['a'])
        .warm('a', 'u')
        .declare(aModel('a', { maxCopies: 3 }));
      demand(driver, 3);
      driver.tell();
      return driver;
    };
    const noted = ({ fleet }: CoreDriver) => [fleet.wantedSince.get(A), fleet.utilisations.get(A)?.isAlone];

    it('has been so only since it was pinned', () => {
      const driver = alone();
      const first = driver.now;
      driver.pass(1_000);
      expect(noted(driver)).toEqual([first, true]);
      const second = driver.now;
      driver.declare(aModel('a', { maxCopies: 3, pinnedCopies: 2 })).pass(1_000);
      expect(noted(driver)).toEqual([second, false]);
    });

    it('has been so only since a request came, also where the only copy was lost in that moment', () => {
      const driver = alone();
      driver.pass(1_000);
      const request = aRequest('r', 'a', driver.now);
      driver.tell(
        { kind: 'ContactChanged', server: U, fact: 'leaving' },
        { kind: 'RequestArrived', request },
      );
      expect(driver.fleet.wantedSince.get(A)).toBe(request.arrivedAt);
    });
  });
});

describe('a copy', () => {
  const present = ({ fleet, now }: CoreDriver): number => presentCopies(fleet, A, new Now(now));
  const loading = (loadTimeout = 60_000): CoreDriver => {
    const driver = new CoreDriver().declare(aModel('a', { loadTimeout })).serve(aServer('t', [10]), ['a']);
    driver.resolve('a');
    return driver;
  };
  const ready = (): CoreDriver => {
    const driver = loading();
    driver.loadEnds('a', 't');
    return driver;
  };

  it('is on its way while its load has not outlasted its time', () => {
    const driver = loading(5_000);
    driver.pass(4_999);
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['loading', 1]);
    driver.pass(1);
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['loading', 0]);
  });

  it('is on its way without an answer, as long as looks show it so', () => {
    const driver = loading(5_000);
    driver.loadEnds('a', 't', 'unknown');
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['unknown', 1]);
    driver.shelf('t').set('a', 'UNLOADING');
    driver.pass(1_000);
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['unknown', 0]);
  });

  it('is on its way without an answer no longer than its load may take', () => {
    const driver = loading(5_000);
    driver.loadEnds('a', 't', 'unknown');
    driver.pass(5_000);
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['unknown', 0]);
  });

  it('is there where its server is slow, and is not where that is lost or drains', () => {
    const stale = ready();
    isSlow(stale);
    expect(present(stale)).toBe(1);
    const lost = ready();
    lost.tell({ kind: 'ContactChanged', server: T, fact: 'leaving' });
    expect([lost.phase('a', 't'), present(lost)]).toEqual(['ready', 0]);
    const drained = ready();
    drained.tell({ kind: 'DrainOrdered', server: T, deadline: null });
    expect([drained.phase('a', 't'), present(drained)]).toEqual(['ready', 0]);
  });

  it('is not there any more while it drains or is unloaded', () => {
    const driver = ready();
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['draining', 0]);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['unloading', 0]);
  });

  it('is one for each device, those included that a load is to bring', () => {
    const copies = aModel('a', { config: '{}', pinnedCopies: 2 });
    const driver = new CoreDriver().declare(copies).serve(aServer('t', [10, 10]), ['a']);
    expect(present(driver)).toBe(2);
    driver.loadEnds('a', 't');
    expect(present(driver)).toBe(2);
    driver.serve(aServer('t', [10, 10, 10]), ['a']).declare({ ...copies, pinnedCopies: 3 });
    expect([driver.phase('a', 't'), present(driver)]).toEqual(['unloading', 3]);
  });
});

describe('a model whose loads hang on two servers', () => {
  const hanging = (): CoreDriver => {
    const driver = new CoreDriver()
      .declare(aModel('a', { loadTimeout: 5_000 }))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [10]), ['a'])
      .serve(aServer('v', [10]), ['a']);
    driver.resolve('a');
    driver.pass(9_999);
    return driver;
  };

  it('is given up when the second one is overdue', () => {
    const driver = hanging();
    expect(isGivenUp(driver.fleet, A, new Now(driver.now))).toBe(false);
    driver.pass(1);
    expect(isGivenUp(driver.fleet, A, new Now(driver.now))).toBe(true);
    driver.declare(aModel('a', { loadTimeout: 5_000, pinnedCopies: 1 }));
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  });

  it('is tried on a third where an admin says so, and for no request', () => {
    const driver = hanging();
    driver.pass(1);
    driver.resolve('a', { wait: 0 });
    expect(driver.orders()).toHaveLength(2);
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    expect(driver.orders()).toEqual(['load a@t', 'load a@u', 'load a@v']);
  });
});

describe('a server that drains', () => {
  it('is to be rid of what is in use there, and of nothing else', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { idleUnload: 60_000 }), aModel('b', { gpuBytes: 1 }))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [10]), ['b'])
      .warm('a', 't')
      .warm('b', 'u');
    const leaving = () => leavingDraining(driver.fleet, new Now(driver.now));
    expect(leaving()).toEqual([]);
    driver.tell({ kind: 'DrainOrdered', server: T, deadline: null });
    driver.pass(55_000);
    expect(leaving()).toEqual(['a']);
    isSlow(driver);
    driver.pass(5_000);
    expect([driver.phase('a', 't'), leaving()]).toEqual(['ready', []]);
  });

  it('is to be rid of nothing that is only on its way there', () => {
    const driver = new CoreDriver().declare(aModel('a', { idleUnload: null })).serve(aServer('t'), ['a']);
    driver.resolve('a');
    driver.tell({ kind: 'DrainOrdered', server: T, deadline: null });
    expect([driver.phase('a', 't'), leavingDraining(driver.fleet, new Now(driver.now))]).toEqual([
      'loading',
      [],
    ]);
  });
});
