import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Event, Model, ModelId, ServerId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import { lastFailure, replicaFlags } from '../explain/view.js';

const A = 'a' as ModelId;
const MIB = 2 ** 20;
const GIB = 2 ** 10;

const model = (parts: Partial<Model> = {}): Model => aModel('a', { gpuBytes: 2 * GIB * MIB, ...parts });

const aDriver = (parts: Partial<Model>): CoreDriver =>
  new CoreDriver()
    .declare(model(parts))
    .serve(aServer('s', [8 * GIB * MIB]), ['a', 'top'])
    .serve(aServer('t', [8 * GIB * MIB]), ['a', 'top']);

/** What the statistics of a server tell of its memory from now on, and the next reading of them. */
const takes = (driver: CoreDriver, server: string, mib: number): void => {
  driver.shelf(server).memory.set(A, [{ ordinal: 0, bytes: mib * MIB }]);
  driver.pass(11_000);
};

const flags = (driver: CoreDriver, server: string): string[] => {
  const replica = driver.fleet.replicas.get(replicaId(A, server as ServerId));
  return replica ? replicaFlags(driver.fleet, replica, new Now(driver.now)) : [];
};

describe('a model that is measured above its limit', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = aDriver({ onLimitExceeded: 'unload' }).warm('a', 's');
  });

  it('is flagged and stays, where that is only to be told of', () => {
    driver = aDriver({}).warm('a', 's');
    takes(driver, 's', 2_048);
    expect(flags(driver, 's')).toEqual([]);
    takes(driver, 's', 3_000);
    expect(flags(driver, 's')).toEqual(['over_limit']);
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('is no such model where no limit was declared', () => {
    driver = aDriver({ onLimitExceeded: 'unload', gpuDeclared: false, hostDeclared: false }).warm('a', 's');
    takes(driver, 's', 3_000);
    expect(flags(driver, 's')).toEqual([]);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('is no such model where only what it takes of the host was declared', () => {
    driver = aDriver({ onLimitExceeded: 'unload', gpuDeclared: false, hostDeclared: true }).warm('a', 's');
    takes(driver, 's', 3_000);
    driver.pass(60_000);
    expect(flags(driver, 's')).toEqual([]);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('is one where only what it takes of a GPU was declared', () => {
    driver = aDriver({ hostDeclared: false }).warm('a', 's');
    takes(driver, 's', 3_000);
    expect(flags(driver, 's')).toEqual(['over_limit']);
  });

  it('is one where it was declared to need no GPU, and is booked by what it takes', () => {
    driver = aDriver({ gpuBytes: 0, hostBytes: MIB });
    driver.warm('a', 's');
    const bookings = (on: string) => driver.fleet.replicas.get(replicaId(A, on as ServerId))!.bookings;
    expect(bookings('s')).toEqual([{ account: 'host:s', bytes: MIB }]);
    takes(driver, 's', 300);
    expect(flags(driver, 's')).toEqual(['over_limit']);
    expect(bookings('s')).toContainEqual({ account: 'gpu:s/0', bytes: 300 * MIB });
  });

  it('is unloaded once its leases have ended, and loaded again with what it takes', () => {
    driver.resolve('a', { lease: 30_000 });
    takes(driver, 's', 3_000);
    expect(driver.phase('a', 's')).toBe('draining');
    driver.pass(30_000);
    expect(driver.fleet.lastUnloads.get(A)?.cause).toBe('withdrawn');
    driver.warm('a', 's');
    takes(driver, 's', 3_050);
    driver.pass(60_000);
    expect(flags(driver, 's')).toEqual(['over_limit']);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
    const replica = driver.fleet.replicas.get(replicaId(A, 's' as ServerId))!;
    expect(replica.bookings[0]!.bytes).toBeGreaterThanOrEqual(3_050 * MIB);
  });

  it('is unloaded again where it has come to take much more', () => {
    takes(driver, 's', 3_000);
    driver.pass(30_000);
    driver.warm('a', 's');
    takes(driver, 's', 4_000);
    driver.pass(30_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s', 'unload a@s']);
  });

  it.each(['unload', 'quarantine'] as const)(
    'stays where it is pinned, whatever the policy: %s',
    (policy) => {
      driver = aDriver({ onLimitExceeded: policy, pinnedCopies: 1 });
      driver.loadEnds('a', 's');
      takes(driver, 's', 3_000);
      driver.pass(60_000);
      expect(flags(driver, 's')).toEqual(['over_limit']);
      expect(driver.orders()).toEqual(['load a@s']);
    },
  );

  it('stays for as long as something is made of it', () => {
    driver.declare(aModel('top', { dependsOn: [A], gpuBytes: 1, idleUnload: 60_000 })).warm('top', 's');
    takes(driver, 's', 3_000);
    driver.pass(30_000);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.pass(60_000);
    expect(driver.orders().slice(-2)).toEqual(['unload top@s', 'unload a@s']);
  });
});

describe('a quarantined model', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = aDriver({ onLimitExceeded: 'quarantine' }).warm('a', 's');
    takes(driver, 's', 3_000);
    driver.pass(30_000);
  });

  it('is unloaded, and refused as failed for its size', () => {
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s']);
    const request = driver.resolve('a');
    expect(driver.refusalOf(request)).toEqual({ reason: 'load_failed', retryAfter: null, cause: 'capacity' });
    expect(lastFailure(driver.fleet, A)?.cause).toBe('capacity');
  });

  it('takes those with it that are made of it', () => {
    driver.declare(aModel('top', { dependsOn: [A], gpuBytes: 1 }));
    expect(driver.answerTo(driver.resolve('top'))).toBe('load_failed');
  });

  it('is loaded again by an admin, and may stay', () => {
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    driver.loadEnds('a', 's');
    takes(driver, 's', 3_100);
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
  });

  it('does not come back where it was to be loaded anew, and was declared that small before it left', () => {
    driver = aDriver({ onLimitExceeded: 'quarantine', gpuBytes: 4 * GIB * MIB }).warm('a', 's');
    takes(driver, 's', 3_000);
    driver.tell({ kind: 'FreezeOrdered', reason: 'a look around', since: 0 });
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + 60_000 });
    driver.declare(model({ onLimitExceeded: 'quarantine' })).pass(30_000);
    driver.shelf('s').set('a', '');
    driver.pass(30_000);
    driver.tell({ kind: 'FreezeEnded' });
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('may stay when an admin has something loaded anew that is made of it', () => {
    driver = aDriver({ onLimitExceeded: 'quarantine' });
    driver
      .declare(aModel('top', { dependsOn: [A], gpuBytes: 1 }))
      .warm('a', 's')
      .warm('top', 's');
    takes(driver, 's', 3_000);
    driver.tell({ kind: 'ReloadOrdered', model: aModel('top').id, until: driver.now + 60_000 });
    driver.pass(10_000);
    driver.loadEnds('top', 's');
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@s', 'load top@s', 'unload top@s', 'load top@s']);
  });

  it('is loaded again once it is declared otherwise, and a pin alone is no such change', () => {
    driver.declare(model({ onLimitExceeded: 'quarantine' }));
    expect(driver.answerTo(driver.resolve('a'))).toBe('load_failed');
    driver.declare(model({ onLimitExceeded: 'quarantine', gpuBytes: 4 * GIB * MIB }));
    driver.warm('a', 's');
  });

  /** What comes after a restart, and has only read of it. */
  function later(...orders: Event[]): CoreDriver {
    const next = new CoreDriver();
    const footprint = driver.fleet.footprints.get(A)!;
    next.tell({ kind: 'FootprintRemembered', model: A, footprint });
    next.declare(model({ onLimitExceeded: 'quarantine' }));
    next.tell({ kind: 'ServerDeclared', server: aServer('s', [8 * GIB * MIB]) }, ...orders);
    next.shelves.set('s', driver.shelf('s'));
    next.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact: 'connected' });
    return next;
  }

  it('is one also in a later life, where an order is done by which it could stay', () => {
    const next = later();
    expect(next.answerTo(next.resolve('a'))).toBe('load_failed');
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });
    driver.loadEnds('a', 's');
    const after = later({ kind: 'OrdersRemembered', server: 's' as ServerId, models: [A] });
    after.pass(11_000);
    expect(after.orders()).toEqual(['unload a@s']);
  });

  it('is loaded in a later life, and may stay, where an order to load it or load it anew is not done', () => {
    const copies = [{ server: 's' as ServerId, hasLeft: true }];
    for (const order of [
      { kind: 'LoadOrdered', model: A, until: 60_000 } as const,
      { kind: 'ReloadRemembered', model: A, copies } as const,
    ]) {
      const next = later(order);
      next.loadEnds('a', 's');
      next.pass(60_000);
      expect(next.phase('a', 's')).toBe('ready');
      driver.shelf('s').set('a', '');
    }
  });
});
