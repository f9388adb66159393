import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { Shelf } from '../../../../test/support/shelf.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { openOrders } from '../explain/open-orders.js';

const A = 'a' as ModelId;
const [S, T] = ['s', 't'] as ServerId[] as [ServerId, ServerId];

describe('orders that an earlier life had accepted and not done', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6 }), aModel('b', { gpuBytes: 6 }));
    for (const id of [S, T]) {
      driver.shelves.set(id, new Shelf());
      for (const model of ['a', 'b']) driver.shelf(id).set(model, '');
      driver.tell({ kind: 'ServerDeclared', server: aServer(id, [10]) });
      driver.tell({ kind: 'OrdersRemembered', server: id, models: [A] });
    }
  });

  const rememberUnload = (force: boolean) =>
    driver.tell({ kind: 'UnloadRemembered', model: A, copies: [{ server: S, force }] });
  const rememberReload = (hasLeft: boolean, server = S) =>
    driver.tell({ kind: 'ReloadRemembered', model: A, copies: [{ server, hasLeft }] });
  const connect = (server: ServerId) => driver.tell({ kind: 'ContactChanged', server, fact: 'connected' });
  const open = () => openOrders(driver.fleet).get(A);

  it('let a copy go once its server was looked at, and no other', () => {
    driver.shelf('s').set('a', 'READY');
    driver.shelf('t').set('a', 'READY');
    rememberUnload(true);
    connect(T);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(open()).toEqual({ load: false, unload: [{ server: 's', force: true }], reload: [] });
    connect(S);
    driver.pass(1_000);
    expect([driver.orders(), driver.phase('a', 't')]).toEqual([['unload a@s'], 'ready']);
    expect(open()).toBeUndefined();
  });

  it('wait for leases that the earlier life may have given, unless forced', () => {
    driver.shelf('s').set('a', 'READY');
    rememberUnload(false);
    connect(S);
    driver.pass(9_000);
    expect(driver.phase('a', 's')).toBe('draining');
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['unload a@s']);
  });

  it('go on waiting where the fleet is still frozen', () => {
    driver.shelf('s').set('a', 'READY');
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: 0 });
    rememberUnload(true);
    connect(S);
    driver.pass(20_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('s');
    driver.tell({ kind: 'FreezeEnded' });
    expect(driver.orders()).toEqual(['unload a@s']);
  });

  it('let nothing go that is not there any more, nor on a server that was withdrawn', () => {
    rememberUnload(true);
    driver.tell({ kind: 'UnloadRemembered', model: A, copies: [{ server: T, force: true }] });
    driver.tell({ kind: 'ServerWithdrawn', server: T });
    connect(S);
    expect(driver.orders()).toEqual([]);
    expect(open()).toBeUndefined();
  });

  it('load a copy anew that was still there', () => {
    driver.shelf('s').set('a', 'READY');
    rememberReload(false);
    connect(S);
    connect(T);
    driver.pass(12_000);
    driver.loadEnds('a', 's');
    expect(driver.orders()).toEqual(['unload a@s', 'load a@s']);
    expect([driver.phase('a', 's'), open()]).toEqual(['ready', undefined]);
  });

  it('bring a copy back that had left, though it is not asked for', () => {
    rememberReload(true);
    expect(open()).toEqual({ load: false, unload: [], reload: [{ server: 's', hasLeft: true }] });
    connect(T);
    connect(S);
    expect(driver.orders()).toEqual(['load a@s']);
    driver.loadEnds('a', 's');
    expect(open()).toBeUndefined();
  });

  it('do not load a copy anew that had come back before the end of that life', () => {
    driver.shelf('s').set('a', 'READY');
    rememberReload(true);
    connect(S);
    connect(T);
    driver.pass(60_000);
    expect([driver.orders(), driver.phase('a', 's'), open()]).toEqual([[], 'ready', undefined]);
  });

  it('wait for the load of a copy that was coming back', () => {
    driver.shelf('s').set('a', 'LOADING');
    rememberReload(true);
    connect(S);
    connect(T);
    driver.pass(5_000);
    driver.shelf('s').set('a', 'READY');
    driver.pass(60_000);
    expect([driver.orders(), driver.phase('a', 's'), open()]).toEqual([[], 'ready', undefined]);
  });

  it.each([true, false])('bring no copy back in whose place another one has come: had left %s', (hasLeft) => {
    driver.shelf('t').set('a', 'READY');
    rememberReload(hasLeft);
    connect(T);
    driver.pass(5_000);
    connect(S);
    driver.pass(60_000);
    expect([driver.orders(), driver.phase('a', 't'), open()]).toEqual([[], 'ready', undefined]);
  });

  it('bring a copy back beside another one where there may be two', () => {
    driver.declare(aModel('a', { gpuBytes: 6, maxCopies: 2 }));
    driver.shelf('t').set('a', 'READY');
    rememberReload(true);
    connect(T);
    connect(S);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('bring a copy up elsewhere where its server does not come back', () => {
    connect(T);
    rememberReload(true);
    driver.pass(11_000);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('are over for a model that may not be loaded, or is unknown', () => {
    driver.declare(aModel('a', { gpuBytes: 6, enabled: false }));
    rememberReload(false);
    expect(open()).toBeUndefined();
    driver.tell({ kind: 'ReloadRemembered', model: 'x' as ModelId, copies: [{ server: S, hasLeft: true }] });
    driver.pass(20_000);
    connect(S);
    expect(openOrders(driver.fleet).size).toBe(0);
  });

  it('give way to what is ordered later', () => {
    driver.shelf('s').set('a', 'READY');
    rememberUnload(true);
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    expect(open()).toEqual({ load: true, unload: [], reload: [] });
    connect(S);
    connect(T);
    expect([driver.orders(), driver.phase('a', 's'), open()]).toEqual([[], 'ready', undefined]);
  });
});

describe('what is still to be done of orders', () => {
  it('is an unload until the copy is gone, and a reload until it is back', () => {
    const driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6 }), aModel('b', { gpuBytes: 4 }));
    driver.serve(aServer('s', [10]), ['a', 'b']);
    driver.warm('a', 's').warm('b', 's');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    driver.tell({ kind: 'ReloadOrdered', model: 'b' as ModelId, until: driver.now });
    const nothing = { load: false, unload: [], reload: [] };
    expect([...openOrders(driver.fleet)]).toEqual([
      ['a', { ...nothing, unload: [{ server: 's', force: false }] }],
      ['b', { ...nothing, reload: [{ server: 's', hasLeft: false }] }],
    ]);
    driver.pass(11_000);
    expect([...openOrders(driver.fleet)]).toEqual([
      ['b', { ...nothing, reload: [{ server: 's', hasLeft: true }] }],
    ]);
    driver.loadEnds('b', 's');
    expect(openOrders(driver.fleet).size).toBe(0);
  });

  it('is nothing of a copy that has left to get more devices for a pin', () => {
    const driver = new CoreDriver();
    const a = aModel('a', { gpuBytes: 6, config: '{}' });
    driver.declare(a).serve(aServer('s', [10, 10]), ['a']);
    driver.warm('a', 's').pass(20_000);
    driver.declare({ ...a, pinnedCopies: 2 }).pass(11_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
    expect(openOrders(driver.fleet).size).toBe(0);
  });
});
