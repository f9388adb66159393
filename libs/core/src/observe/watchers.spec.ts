import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId, type ModelId, type WatcherId } from '../fleet/ids.js';
import { awaitedWatchers, MAX_WATCHERS } from '../learned/watchers.js';
import { Now } from '../numbers/now.js';
import { wakeOf } from '../../../../test/support/decide.js';

const A = 'a' as ModelId;
const B = 'peer-b' as WatcherId;
const C = 'peer-c' as WatcherId;
const PATIENCE = 40_000;

describe('a copy whose route is withdrawn', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6, idleUnload: 300_000 }), aModel('b', { gpuBytes: 6 }));
    driver.serve(aServer('s', [10]), ['a', 'b']).warm('a', 's');
    driver.pass(60_000);
  });

  const see = (watcher = B, patience = PATIENCE, heardAt = driver.now) =>
    driver.tell({ kind: 'WatcherSeen', watcher, patience, heardAt });
  const acknowledge = (watcher = B, revision = driver.fleet.routesRevision) =>
    driver.tell({ kind: 'WatcherAcknowledged', watcher, revision });
  const unload = (force = false) => driver.tell({ kind: 'UnloadOrdered', model: A, force });
  const isThere = () => driver.phase('a', 's') === 'draining';

  it.each([false, true])('stays until every watcher has acknowledged that, forced: %s', (force) => {
    see(B);
    see(C);
    acknowledge(B);
    acknowledge(C);
    unload(force);
    driver.pass(1_000);
    acknowledge(B);
    driver.pass(1_000);
    expect(isThere()).toBe(true);
    acknowledge(C, driver.fleet.routesRevision - 1);
    expect(isThere()).toBe(true);
    acknowledge(C);
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it('is not waited for by one whose table is from after that', () => {
    unload();
    driver.pass(1_000);
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it('stays for a watcher that has acknowledged nothing in this term', () => {
    see();
    unload(true);
    driver.pass(PATIENCE - 1);
    expect(isThere()).toBe(true);
    driver.pass(1);
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it('stays for a silent watcher for as long as its patience, counted from when it was last heard of', () => {
    see();
    acknowledge();
    unload(true);
    driver.pass(30_000);
    see();
    driver.pass(PATIENCE - 1);
    expect(isThere()).toBe(true);
    driver.pass(1);
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it('is looked at again when the patience of a silent watcher is over', () => {
    see();
    acknowledge();
    unload(true);
    const over = driver.now + PATIENCE;
    driver.looksEnd = false;
    driver.pass(30_000);
    expect(wakeOf(driver.fleet, driver.now)).toBe(over);
  });

  it('stays for a watcher of an earlier term, from when that was last heard of', () => {
    const heardAt = driver.now - 15_000;
    see(B, PATIENCE, heardAt);
    unload(true);
    driver.pass(PATIENCE - 15_000 - 1);
    expect(isThere()).toBe(true);
    driver.pass(1);
    expect(isThere()).toBe(false);
  });

  it('stays no longer for one that is gone', () => {
    see();
    unload(true);
    driver.tell({ kind: 'WatcherGone', watcher: B });
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it.each([
    [false, 'draining'],
    [true, undefined],
  ] as const)('stays for a lease that was told before, unless it is forced: %s', (force, phase) => {
    const use = { replica: replicaId(A, aServer('s').id), at: driver.now, routes: 1 };
    see();
    acknowledge();
    unload(force);
    driver.tell({ kind: 'RoutesUsed', uses: [{ ...use, inUseUntil: driver.now + 600_000 }] });
    acknowledge();
    expect(driver.phase('a', 's')).toBe(phase);
  });

  it('takes no revision that was not told yet for an acknowledgement', () => {
    see();
    acknowledge(B, 1e9);
    unload(true);
    driver.pass(1_000);
    expect(isThere()).toBe(true);
  });

  it('has what waits for its memory reckon with a watcher that is silent', () => {
    driver.loadsTake('b', 1_000);
    see();
    acknowledge();
    driver.pass(10_000);
    const hasty = driver.resolve('b', { wait: 20_000 });
    expect(driver.refusalOf(hasty).reason).toBe('no_capacity');
    const patient = driver.resolve('b', { wait: 60_000 });
    driver.pass(PATIENCE - 10_000);
    driver.loadEnds('b', 's');
    expect(driver.answerTo(patient)).toBe('s');
  });

  it('has those named that it stays for, with how many copies, since when', () => {
    driver.declare(aModel('c', { gpuBytes: 2 }));
    driver.serve(aServer('t', [10]), ['c']).warm('c', 't');
    for (const one of [B, C]) see(one);
    for (const one of [B, C]) acknowledge(one);
    expect(awaitedWatchers(driver.fleet, new Now(driver.now))).toEqual([]);
    const since = driver.now;
    unload(true);
    driver.pass(1_000);
    driver.tell({ kind: 'UnloadOrdered', model: 'c' as ModelId, force: true });
    driver.pass(1_000);
    acknowledge(B);
    const facts = { revision: driver.fleet.routesRevision, copies: 2, since };
    expect(awaitedWatchers(driver.fleet, new Now(driver.now))).toEqual([{ watcher: C, ...facts }]);
    driver.pass(PATIENCE);
    expect(awaitedWatchers(driver.fleet, new Now(driver.now))).toEqual([]);
  });

  it('is waited for by a bounded number of watchers: silent ones go first', () => {
    for (let n = 0; n < MAX_WATCHERS + 10; n += 1) see(`w${n}` as WatcherId, 1_000);
    expect(driver.fleet.watchers.size).toBe(MAX_WATCHERS);
    expect(driver.fleet.watchers.has(B)).toBe(false);
    driver.pass(1_000);
    see();
    expect([...driver.fleet.watchers.keys()]).toEqual([B]);
  });
});
