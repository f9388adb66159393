import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount, hostAccount, replicaId } from '../fleet/ids.js';
import { closeAfterLoad, meterOf } from '../fleet/meter.js';
import type { Bytes, Millis } from '../fleet/model.js';
import type { Placed } from '../fleet/replica.js';
import { wantFor } from '../demand/wants.js';
import { Ledger } from '../memory/ledger.js';
import { Curves } from './curves.js';
import type { Leavable } from './leavable.js';
import { ServerSlots } from './slots.js';

const S = aServer('s').id;
const GPU = gpuAccount(S, 0);
const HOST = hostAccount(S);

/** A GPU of 10 beside a host memory of 8. Each of these is warm, and unused for a minute. */
function aDriver(...warm: readonly string[]): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { hostBytes: 2 }), aModel('b', { gpuBytes: 3 }), aModel('x', { gpuBytes: 9 }))
    .serve(aServer('s', [10], { hostMemory: 8 }), ['a', 'b', 'x'])
    .unloadsTake('s', 1_000);
  for (const name of warm) driver.warm(name, 's');
  driver.pass(60_000);
  return driver;
}

const curvesOf = ({ fleet, now }: CoreDriver): Curves =>
  new Curves(fleet, new Ledger(fleet, new Now(now)), new ServerSlots(fleet, new Now(now)), new Now(now));

/** In how long so many bytes of the device are free by the P50, if none leaves that need not. */
const freeIn = ({ now }: CoreDriver, curves: Curves, bytes: Bytes, account = GPU): Millis =>
  curves.freeAt([{ account, bytes }]).p50 - now;

const copyOn = (curves: Curves, model: string, account = GPU): Leavable =>
  curves.copiesOn(account).find((one) => one.model === model)!;

const models = (copies: readonly Leavable[]): string[] => copies.map(({ model }) => model);

describe('the eviction curve of an account', () => {
  it('has what is free, and the copies that may leave', () => {
    const driver = aDriver('a', 'b');
    const curves = curvesOf(driver);
    const [chunks, copies] = [curves.chunksOn(GPU), curves.copiesOn(GPU)];
    const now = { p50: driver.now, p90: driver.now };
    expect([chunks, models(copies)]).toEqual([[{ at: now, bytes: 3 }], ['a', 'b']]);
  });

  it('has what drains, once its lease has ended and it is unloaded, by both quantiles', () => {
    const driver = aDriver('a', 'b');
    driver.resolve('a', { lease: 20_000 });
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    driver.fleet.servers.get(S)!.unloadTimes = null;
    const curves = curvesOf(driver);
    expect([3, 4, 7, 8].map((bytes) => freeIn(driver, curves, bytes))).toEqual([0, 21_000, 21_000, Infinity]);
    expect(curves.freeAt([{ account: GPU, bytes: 7 }]).p90 - driver.now).toBe(26_000);
    expect(models(curves.copiesOn(GPU))).toEqual(['b']);
  });

  it('has what is unloaded once the rest of that is over', () => {
    const driver = aDriver('a');
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    const { phase } = driver.fleet.replicas.get(replicaId(aModel('a').id, S))!;
    driver.unloadsTake('s', 1_000).now += 399;
    expect([phase, freeIn(driver, curvesOf(driver), 10)]).toEqual(['unloading', 600]);
  });

  it('has what a load without an answer holds, until that is stuck', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', 's', 'unknown');
    const before = freeIn(driver, curvesOf(driver), 10);
    driver.pass(aModel('a').loadTimeout + driver.fleet.limits.stuckAfter);
    expect(driver.phase('a', 's')).toBe('unknown');
    expect([before < Infinity, freeIn(driver, curvesOf(driver), 10)]).toEqual([true, Infinity]);
  });

  it('has what is withheld from when its device opens', () => {
    const driver = aDriver('a');
    closeAfterLoad(meterOf(driver.fleet.servers.get(S)!, 0), driver.now);
    const curves = curvesOf(driver);
    const opens = curves.opensAt([{ account: GPU, bytes: 1 }]) - driver.now;
    expect(opens).toBeGreaterThan(0);
    expect([1, 6, 7].map((bytes) => freeIn(driver, curves, bytes))).toEqual([opens, opens, Infinity]);
  });
});

describe('a chunk', () => {
  it('is taken once, and what is left of it by the next', () => {
    const driver = aDriver('a');
    const curves = curvesOf(driver);
    curves.take([{ account: GPU, bytes: 4 }], driver.now);
    expect([2, 3].map((bytes) => freeIn(driver, curves, bytes))).toEqual([0, Infinity]);
    curves.take([{ account: GPU, bytes: 2 }], driver.now);
    expect(freeIn(driver, curves, 1)).toBe(Infinity);
  });

  it('that is free sooner stays for those that could begin sooner', () => {
    const driver = aDriver('a');
    const curves = curvesOf(driver);
    const later = { p50: driver.now + 5_000, p90: driver.now + 9_000 };
    curves.release(copyOn(curves, 'a'), later);
    curves.take([{ account: GPU, bytes: 3 }], driver.now + 5_000);
    expect([6, 7, 8].map((bytes) => freeIn(driver, curves, bytes))).toEqual([0, 5_000, Infinity]);
    curves.take([{ account: GPU, bytes: 3 }], driver.now + 4_999);
    expect([3, 4].map((bytes) => freeIn(driver, curves, bytes))).toEqual([0, 5_000]);
  });

  it('that is free by one quantile after another may be free before it by the other', () => {
    const driver = aDriver('a', 'b');
    const curves = curvesOf(driver);
    const at = (p50: Millis, p90: Millis) => ({ p50: driver.now + p50, p90: driver.now + p90 });
    curves.release(copyOn(curves, 'a'), at(2_000, 30_000));
    curves.release(copyOn(curves, 'b'), at(3_000, 4_000));
    const both = [6, 7].map((bytes) => curves.freeAt([{ account: GPU, bytes }]));
    expect(both).toEqual([at(2_000, 4_000), at(2_000, 30_000)]);
  });
});

describe('a copy that leaves for a job', () => {
  it('frees the memory of all its accounts, whether they were asked before or not', () => {
    const driver = aDriver('a');
    const at = { p50: driver.now + 2_000, p90: driver.now + 3_000 };
    const curves = curvesOf(driver);
    expect(models(curves.copiesOn(HOST))).toEqual(['a']);
    curves.release(copyOn(curves, 'a'), at);
    const later = curvesOf(driver);
    later.release(copyOn(later, 'a'), at);
    for (const one of [curves, later]) {
      expect([freeIn(driver, one, 10), freeIn(driver, one, 8, HOST)]).toEqual([2_000, 2_000]);
      expect([models(one.copiesOn(GPU)), models(one.copiesOn(HOST))]).toEqual([[], []]);
    }
  });

  it('is not there for the next, with nothing that depends on it', () => {
    const driver = aDriver('a');
    driver.declare(aModel('top', { gpuBytes: 1, dependsOn: [aModel('a').id] }));
    driver.shelf('s').set('top', '');
    driver.pass(11_000);
    driver.warm('top', 's').pass(20_000);
    const curves = curvesOf(driver);
    expect(models(curves.withDependents(copyOn(curves, 'a'))!)).toEqual(['a', 'top']);
    const at = { p50: driver.now + 2_000, p90: driver.now + 3_000 };
    const [a, top] = [copyOn(curves, 'a'), copyOn(curves, 'top')];
    curves.release(top, at);
    expect([curves.isReleased(top), curves.isReleased(a), curves.withDependents(a)]).toEqual([
      true,
      false,
      null,
    ]);
  });

  it('does not leave while what loads on it is pinned', () => {
    const driver = aDriver();
    const top = aModel('top', { gpuBytes: 1, dependsOn: [aModel('a').id] });
    driver.declare(top);
    driver.shelf('s').set('top', '');
    driver.pass(11_000);
    driver.resolve('top');
    driver.loadEnds('a', 's');
    expect(driver.isLoading('top', 's')).toBe(true);
    const counted = (): readonly string[] | undefined => {
      const curves = curvesOf(driver);
      const copies = curves.withDependents(copyOn(curves, 'a'));
      return copies?.map(({ model }) => model);
    };
    expect(counted()).toEqual(['a', 'top']);
    driver.declare({ ...top, pinnedCopies: 1 });
    expect(counted()).toBeUndefined();
  });

  it('leaves a pin the other copy, which is kept from then on', () => {
    const driver = aDriver('a').serve(aServer('t', [10]), ['a']);
    driver.declare(aModel('a', { hostBytes: 2, pinnedCopies: 2 }));
    driver.loadEnds('a', 't');
    driver.declare(aModel('a', { hostBytes: 2, pinnedCopies: 1 })).pass(20_000);
    const { fleet, now } = driver;
    const want = wantFor(fleet, aModel('x'), new Now(now));
    const curves = curvesOf(driver);
    const [first, second] = [copyOn(curves, 'a'), copyOn(curves, 'a', gpuAccount(aServer('t').id, 0))];
    expect([first, second].map((one) => curves.isKept(one, want))).toEqual([false, false]);
    curves.release(first, { p50: now, p90: now });
    expect(curves.isKept(second, want)).toBe(true);
  });
});

describe('what has its place', () => {
  it('has its memory first, of what it needs the last to be free; what is left is for jobs', () => {
    const driver = aDriver('a', 'b');
    driver.resolve('a', { lease: 20_000 });
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    driver.declare(aModel('y', { gpuBytes: 5 }));
    driver.shelf('s').set('y', '');
    driver.pass(11_000);
    driver.resolve('y', { wait: 100_000 });
    const y = driver.fleet.replicas.get(replicaId(aModel('y').id, S)) as Placed;
    expect(y.phase).toBe('placed');
    const curves = curvesOf(driver);
    expect(curves.placedAt(y).p50 - driver.now).toBe(10_000);
    expect([1, 2, 3].map((bytes) => freeIn(driver, curves, bytes))).toEqual([0, 0, Infinity]);
  });
});

describe('a copy that a job brings', () => {
  it('may leave again, and stands in the curves of all its accounts', () => {
    const driver = aDriver('a');
    const curves = curvesOf(driver);
    expect(curves.copiesOn(GPU)).toHaveLength(1);
    const coming = { ...copyOn(curves, 'a'), id: replicaId(aModel('x').id, S), model: aModel('x').id };
    curves.bring(coming);
    expect([GPU, HOST].map((account) => models(curves.copiesOn(account)))).toEqual([
      ['a', 'x'],
      ['a', 'x'],
    ]);
    curves.release(coming, { p50: driver.now + 7_000, p90: driver.now + 8_000 });
    expect(models(curves.copiesOn(GPU))).toEqual(['a']);
  });
});
