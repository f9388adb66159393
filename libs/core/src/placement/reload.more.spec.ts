import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { openOrders } from '../explain/open-orders.js';
import { replicaId, type RequestId } from '../fleet/ids.js';
import type { Model } from '../index.js';

const A = aModel('a').id;
const T = aServer('t').id;
const MINUTE = 60_000;
const ONCE = ['load a@t'];
const ANEW = [...ONCE, 'unload a@t', 'load a@t'];

const wanted = (parts: Partial<Model>): Model => aModel('a', { config: '{}', gpuBytes: 6, ...parts });
const BY: readonly (readonly [string, Partial<Model>])[] = [
  ['a pin', { pinnedCopies: 2 }],
  ['`copies.min`', { minCopies: 2, maxCopies: 2 }],
];

/** `b` (8) may be anywhere. */
const on = (gpus: readonly number[], parts: Partial<Model> = {}): CoreDriver =>
  new CoreDriver()
    .declare(wanted(parts), aModel('b', { config: '{}', gpuBytes: 8 }))
    .serve(aServer('t', gpus), ['a', 'b', 'p', 'x']);

const devicesOf = (driver: CoreDriver, server = T) =>
  driver.fleet.replicas.get(replicaId(A, server))?.devices;

describe('several copies on one server', () => {
  it.each(BY)('come at one load for %s', (_, parts) => {
    const driver = on([10, 10, 10], parts);
    expect([driver.orders(), devicesOf(driver)?.length]).toEqual([ONCE, 2]);
    driver.loadEnds('a', 't');
    driver.pass(MINUTE);
    expect(driver.orders()).toEqual(ONCE);
  });

  it('are as many as it has devices for', () => {
    const driver = on([10, 4, 10], { pinnedCopies: 3 });
    expect(devicesOf(driver)).toEqual([0, 2]);
  });

  it('come where there is most room', () => {
    const driver = on([10, 20, 10, 20]);
    driver.warm('b', 't');
    expect(driver.log[0]).toMatchObject({ config: { gpus: [0] } });
    driver.declare(wanted({ pinnedCopies: 3 }));
    expect(devicesOf(driver)).toEqual([1, 2, 3]);
  });

  it('are the part of that server where others can have theirs', () => {
    const driver = new CoreDriver()
      .serve(aServer('t', [10, 10, 10]), ['a'])
      .serve(aServer('u', [10, 10]), ['a']);
    driver.serve(aServer('v', [4]), ['a']).declare(wanted({ pinnedCopies: 4 }));
    driver.pass(11_000);
    expect([devicesOf(driver)?.length, devicesOf(driver, aServer('u').id)?.length]).toEqual([2, 2]);
    expect(devicesOf(driver, aServer('v').id)).toBeUndefined();
  });

  it('stay several when an admin has them loaded anew', () => {
    const driver = on([10, 10, 10], { pinnedCopies: 2 });
    driver.loadEnds('a', 't');
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + MINUTE });
    driver.pass(11_000);
    expect([driver.orders(), devicesOf(driver)]).toEqual([ANEW, [0, 1]]);
  });
});

describe('one copy more on the only server', () => {
  it.each(BY)('is loaded with the one that is there, for %s', (_, parts) => {
    const driver = on([10, 10]).warm('a', 't');
    driver.resolve('a');
    driver.declare(wanted(parts));
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(9_000);
    expect(driver.orders()).toEqual(ONCE);
    driver.pass(2_000);
    expect([driver.orders(), devicesOf(driver)]).toEqual([ANEW, [0, 1]]);
    driver.loadEnds('a', 't');
    driver.pass(30 * MINUTE);
    expect([driver.orders(), driver.phase('a', 't')]).toEqual([ANEW, 'ready']);
  });

  it('is no order of an admin while its copy leaves, nor once the unload is stuck', () => {
    const driver = on([10, 10]).warm('a', 't');
    driver.unloadsEnd = false;
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(11_000);
    expect([driver.phase('a', 't'), openOrders(driver.fleet).size]).toEqual(['unloading', 0]);
    driver.pass(10 * MINUTE);
    expect([driver.fleet.reloads.size, openOrders(driver.fleet).size]).toEqual([0, 0]);
  });

  it('is told as what it is loaded for', () => {
    const driver = on([10, 10]).warm('a', 't');
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(11_000);
    expect(driver.log.at(-1)).toMatchObject({ kind: 'load', cause: 'pinned', config: { gpus: [0, 1] } });
  });

  it('is not made by demand', () => {
    const driver = on([10, 10], { maxCopies: 3 }).warm('a', 't');
    driver.shelf('t').pending.set(A, 50);
    driver.pass(MINUTE);
    expect([driver.fleet.utilisations.get(A)?.copies, driver.orders()]).toEqual([2, ONCE]);
  });

  it('waits for what leaves for it, and the copy serves until then', () => {
    const driver = on([10, 10]).warm('b', 't').warm('a', 't');
    driver.pass(MINUTE);
    driver.unloadsEnd = false;
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(1_000);
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual(['ready', 'unloading']);
    driver.unloadsEnd = true;
    driver.shelf('t').set('b', 'UNAVAILABLE', 'unloaded');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load b@t', ...ONCE, 'unload b@t', 'unload a@t', 'load a@t']);
  });

  it('keeps its memory from others meanwhile', () => {
    const driver = on([10, 10]).warm('a', 't');
    driver.resolve('a');
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.resolve('b', { wait: 5_000 });
    driver.pass(11_000);
    expect(driver.orders()).toEqual(ANEW);
  });

  it('is not given to a copy that leaves for another in that turn, which stays booked until it has left', () => {
    const driver = on([9, 8], { minResidency: 10_000 }).warm('b', 't').warm('a', 't');
    driver.declare(aModel('x', { config: '{}', gpuBytes: 9, class: 'critical' }));
    driver.declare(aModel('p', { config: '{}', gpuBytes: 8 }));
    const { since } = driver.fleet.replicas.get(replicaId(A, T))!;
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    const first = driver.resolve('p');
    driver.declare(wanted({ minResidency: 10_000, minCopies: 2, maxCopies: 2 }));
    driver.resolve('x');
    driver.pass(since + 9_999 - driver.now);
    expect([driver.phase('p', 't'), driver.phase('a', 't')]).toEqual(['placed', 'ready']);
    driver.now += 1;
    driver.tell({ kind: 'RequestCancelled', request: first as RequestId });
    expect([driver.phase('a', 't'), driver.phase('x', 't')]).toEqual(['unloading', 'placed']);
  });

  it('is given up, and made elsewhere in the same instant, where the room for it has gone before its copy left', () => {
    const driver = on([10, 10]).warm('a', 't');
    driver.resolve('a', { lease: 30_000 });
    driver.declare(wanted({ pinnedCopies: 2 }));
    expect(driver.phase('a', 't')).toBe('draining');
    driver.serve(aServer('u', [10]), ['a']);
    driver.tell({ kind: 'ServerDeclared', server: aServer('t', [10, 5]) });
    expect([driver.phase('a', 't'), driver.orders().at(-1)]).toEqual(['ready', 'load a@u']);
  });

  it('is given up where it is not wanted any more', () => {
    const driver = on([10, 10]).warm('b', 't').warm('a', 't');
    driver.pass(MINUTE);
    driver.unloadsEnd = false;
    driver.declare(wanted({ pinnedCopies: 2 })).declare(wanted({ pinnedCopies: 1 }));
    driver.pass(MINUTE);
    expect([driver.phase('a', 't'), driver.fleet.reloads.size]).toEqual(['ready', 0]);
  });

  it('is not made where another server could have it, though that is lost now', () => {
    const driver = on([10, 10]).serve(aServer('u'), ['a']).warm('a', 't');
    driver.tell({ kind: 'ContactChanged', server: aServer('u').id, fact: 'ended' });
    driver.pass(5_000);
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(MINUTE);
    expect(driver.orders()).toEqual(ONCE);
  });

  it('is made where the other server has no room for it for good', () => {
    const driver = on([10, 10])
      .serve(aServer('u', [4]), ['a'])
      .warm('a', 't');
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(11_000);
    expect(driver.orders()).toEqual(ANEW);
  });

  it('is not made of a copy that an ensemble needs', () => {
    const driver = new CoreDriver()
      .declare(wanted({}), aModel('e', { dependsOn: [A] }))
      .serve(aServer('t', [10, 10]), ['a', 'e']);
    driver.resolve('e');
    driver.loadEnds('a', 't');
    driver.loadEnds('e', 't');
    const before = driver.orders();
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(MINUTE);
    expect(driver.orders()).toEqual(before);
  });
});

describe('a copy that was loaded anew and did not get more', () => {
  /** It comes back on one device, by what its config says. */
  function alone(): CoreDriver {
    const driver = on([10, 10]).warm('a', 't');
    driver.declare(wanted({ pinnedCopies: 2 }));
    driver.pass(11_000);
    driver.loadEnds('a', 't');
    const config = { json: '{}', kind: 'gpu', gpus: [0], count: 1, batch: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server: T, model: A, config, steps: [] });
    expect(devicesOf(driver)).toEqual([0]);
    return driver;
  }

  it('is not loaded anew for as many before ten minutes have passed', () => {
    const driver = alone();
    driver.pass(9 * MINUTE);
    expect(driver.orders()).toEqual(ANEW);
    driver.pass(2 * MINUTE);
    expect(driver.orders().slice(3, 4)).toEqual(['unload a@t']);
  });
});
