import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { openOrders } from '../explain/open-orders.js';
import { modelState } from '../explain/view.js';
import { unloadForecast } from '../learned/unload-times.js';

const idle = { idleUnload: 10_000 };
const A = 'a' as ModelId;
const B = 'b' as ModelId;

describe('a frozen fleet', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6, ...idle }), aModel('b', { gpuBytes: 6, ...idle }));
    driver.serve(aServer('s', [10]), ['a', 'b']);
  });

  const freeze = () => driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
  const unfreeze = () => driver.tell({ kind: 'FreezeEnded' });

  it('gives routes and lets nothing idle go', () => {
    driver.warm('a', 's');
    freeze();
    driver.pass(60_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('s');
    expect(driver.orders()).toEqual(['load a@s']);
    driver.pass(20_000);
    unfreeze();
    driver.pass(2_000);
    expect(driver.phase('a', 's')).toBeUndefined();
  });

  it('loads nothing, and says so to a waiting request at its deadline', () => {
    freeze();
    const cold = driver.resolve('a', { wait: 5_000 });
    driver.pass(4_999);
    expect(driver.answerTo(cold)).toBe('waiting');
    driver.pass(1);
    expect(driver.refusalOf(cold)).toMatchObject({
      reason: 'loading',
      phase: 'waiting',
      detail: 'frozen',
      retryAfter: null,
    });
    expect(driver.refusalOf(cold)).not.toHaveProperty('eta');
    expect(driver.orders()).toEqual([]);
    const later = driver.resolve('a');
    unfreeze();
    driver.loadEnds('a', 's');
    expect(driver.answerTo(later)).toBe('s');
  });

  it('is not what a request waits for whose load was under way before', () => {
    const request = driver.resolve('a', { wait: 5_000 });
    freeze();
    driver.pass(5_000);
    const refusal = driver.refusalOf(request);
    expect([refusal.phase, refusal.detail]).toEqual(['loading', undefined]);
  });

  it('evicts nothing, and leaves what drains without an unload', () => {
    driver.warm('a', 's');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    expect(driver.phase('a', 's')).toBe('draining');
    freeze();
    driver.pass(15_000);
    expect(driver.phase('a', 's')).toBe('draining');
    driver.resolve('b', { wait: 1_000 });
    driver.pass(1_000);
    expect(driver.phase('b', 's')).toBeUndefined();
    unfreeze();
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s']);
  });

  it('starts nothing that was placed before, and takes it up when it ends', () => {
    driver.warm('a', 's');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    driver.resolve('b', { wait: 60_000 });
    expect(driver.phase('b', 's')).toBe('placed');
    freeze();
    driver.pass(30_000);
    expect([driver.phase('a', 's'), driver.phase('b', 's')]).toEqual(['draining', 'placed']);
    unfreeze();
    driver.pass(1_000);
    expect(driver.phase('b', 's')).toBe('loading');
  });

  it('starts nothing that waited for another load to end', () => {
    driver.declare(aModel('b', { gpuBytes: 2 }));
    driver.resolve('a');
    const request = driver.resolve('b');
    freeze();
    driver.loadEnds('a', 's');
    driver.pass(1_000);
    expect([driver.answerTo(request), driver.orders()]).toEqual(['waiting', ['load a@s']]);
    unfreeze();
    expect(driver.phase('b', 's')).toBe('loading');
  });

  it('hears the end of a load that was on its way', () => {
    const request = driver.resolve('a');
    freeze();
    driver.loadEnds('a', 's');
    expect(driver.answerTo(request)).toBe('s');
  });

  it('keeps orders for later: a load has its whole time, an unload leaves the routes as they are', () => {
    driver.warm('a', 's');
    freeze();
    driver.tell({ kind: 'LoadOrdered', model: B, until: driver.now + 1_000 });
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.pass(100_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('s');
    expect(modelState(driver.fleet, B, new Now(driver.now))).toBe('waiting');
    unfreeze();
    driver.pass(900);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load b@s']);
  });

  it('forgets an unload that was ordered when a load is ordered after it', () => {
    driver.warm('a', 's');
    freeze();
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 1_000 });
    unfreeze();
    expect(driver.phase('a', 's')).toBe('ready');
  });

  it('forgets an unload that was ordered when a reload is ordered after it', () => {
    driver.warm('a', 's');
    freeze();
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + 1_000 });
    unfreeze();
    driver.pass(12_000);
    driver.loadEnds('a', 's');
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
  });

  it('forgets an unload with the server it was to be on', () => {
    driver.warm('a', 's');
    freeze();
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.tell({ kind: 'ServerWithdrawn', server: 's' as ServerId });
    expect(openOrders(driver.fleet).size).toBe(0);
    driver.serve(aServer('s', [10]), []);
    driver.shelf('s').set('a', 'READY');
    unfreeze();
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('drains no server past its deadline before it ends', () => {
    driver.warm('a', 's');
    freeze();
    driver.tell({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: driver.now + 1_000 });
    driver.pass(20_000);
    expect(driver.phase('a', 's')).toBe('ready');
    unfreeze();
    expect(driver.phase('a', 's')).not.toBe('ready');
  });

  it('is frozen by the latest word, and thawed once', () => {
    freeze();
    driver.tell({ kind: 'FreezeOrdered', reason: 'still', since: driver.now });
    expect(driver.fleet.frozen?.reason).toBe('still');
    unfreeze();
    unfreeze();
    expect(driver.fleet.frozen).toBeNull();
  });

  it('counts no model as starving for the time in which nothing could be ordered', () => {
    driver.declare(aModel('a', { gpuBytes: 6, idleUnload: null })).warm('a', 's');
    driver.fleet.requestRates.set(A, { sum: 1e9, at: driver.now });
    driver.resolve('a', { lease: 100_000 });
    freeze();
    driver.resolve('b', { wait: 200_000 });
    driver.pass(60_000);
    unfreeze();
    driver.pass(29_000);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.pass(1_000);
    expect([driver.phase('a', 's'), driver.phase('b', 's')]).toEqual(['draining', 'placed']);
    driver.pass(12_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load b@s']);
  });

  it('teaches nothing of how long unloads take: the order had to wait', () => {
    driver.warm('a', 's');
    driver.pass(1_000);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    freeze();
    driver.pass(100_000);
    expect(driver.phase('a', 's')).toBe('draining');
    unfreeze();
    driver.pass(10_000);
    expect(driver.orders()).toContain('unload a@s');
    expect(unloadForecast(driver.fleet.servers.get('s' as ServerId)).p50).toBeLessThan(10_000);
  });
});
