import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId } from '../fleet/ids.js';
import type { Class, Model } from '../fleet/model.js';
import type { Ready, Replica } from '../fleet/replica.js';
import { openServers } from '../fleet/standing.js';
import { wantFor } from '../demand/wants.js';
import { placesOn } from '../room/places.js';
import { victimTest } from '../room/victims.js';
import { Jobs } from './job.js';
import { leaversAt } from './leavers.js';
import { Schedule } from './schedule.js';

const T = aServer('t').id;
const A = aModel('a').id;
const B = aModel('b').id;
const X = aModel('x').id;

/** `a` (4) is warm, with a lease of 10 s; `x` (10) wants the GPU of 10, and `b` (1) may come. An unload takes 1 s. */
function aDriver(a: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', a), aModel('b', { gpuBytes: 1 }), aModel('x', { gpuBytes: 10 }))
    .serve(aServer('t', [10]), ['a', 'b', 'x']);
  driver.loadsTake('a', 8_000).loadsTake('b', 8_000);
  return driver;
}

const warm = (a: Partial<Model> = {}): CoreDriver => aDriver(a).warm('a', 't');

const scheduleOf = ({ fleet, now }: CoreDriver): Schedule =>
  new Schedule(fleet, openServers(fleet, now), now);

const placeOf = ({ fleet }: CoreDriver, id: ModelId) =>
  placesOn(fleet, fleet.servers.get(T)!, fleet.models.get(id)!)[0]!;

/** What could have left for `x`, times from now; none is told to leave before `from`. */
function leaversFor(driver: CoreDriver, schedule = scheduleOf(driver), from = 0) {
  const { fleet, now } = driver;
  const want = wantFor(fleet, fleet.models.get(X)!, now);
  const mayGo = victimTest(fleet, want, now);
  const isVictim = (one: Replica): one is Ready => mayGo(one) && !schedule.isLeaving(one);
  const leavers = leaversAt(schedule, placeOf(driver, X), want, isVictim, now + from);
  return leavers.map(({ bookings, at, emptiedAt, victim }) => ({
    bytes: bookings[0]!.bytes,
    empty: emptiedAt - now,
    gone: at - now,
    drained: victim?.replicas.map(({ model }) => model) ?? null,
  }));
}

/** Adds a job for `b` to a schedule, for which these leave. */
function comes(driver: CoreDriver, schedule: Schedule, victims: readonly Ready[] = []): void {
  const { fleet, now } = driver;
  const job = new Jobs(fleet, [], now).of(wantFor(fleet, fleet.models.get(B)!, now));
  const ready = { p50: now + 8_000, p90: now + 8_000 };
  const start = { at: now, variance: 0 };
  const shared = { job, place: placeOf(driver, B), victims, frees: [], isSwap: victims.length > 0 };
  schedule.add({
    ...shared,
    placeAt: now,
    start,
    ready,
    load: { p50: 8_000, p90: 8_000 },
    roomAt: now,
  });
}

describe('a ready copy', () => {
  it('is drained now, and gone when its lease has ended and it is unloaded', () => {
    expect(leaversFor(warm())).toEqual([{ bytes: 4, empty: 10_000, gone: 11_000, drained: ['a'] }]);
  });

  it('is gone later by as long as a look takes, which reads its use', () => {
    const driver = warm();
    driver.fleet.servers.get(T)!.lookTook = 300;
    expect(leaversFor(driver)).toMatchObject([{ gone: 11_300 }]);
  });

  it('is not drained before its residency ends: until then it is used, so that a whole lease is counted from there', () => {
    const driver = warm({ minResidency: 20_000 });
    expect(leaversFor(driver)).toEqual([{ bytes: 4, empty: 20_000, gone: 31_000, drained: ['a'] }]);
  });

  it('leaves by itself where its idle time ends sooner', () => {
    const driver = warm({ minResidency: 20_000, idleUnload: 25_000 });
    expect(leaversFor(driver)).toEqual([{ bytes: 4, empty: 25_000, gone: 26_000, drained: null }]);
  });

  it('of a higher class leaves for no lower one before it is idle', () => {
    const driver = warm({ class: 'critical', idleUnload: 40_000 });
    expect(leaversFor(driver)).toEqual([{ bytes: 4, empty: 40_000, gone: 41_000, drained: null }]);
  });

  it('that is pinned, or leaves already, is none', () => {
    const pinned = aDriver({ pinnedCopies: 1 });
    pinned.loadEnds('a', 't');
    const leaving = warm();
    leaving.tell({ kind: 'UnloadOrdered', model: A, force: false });
    expect([leaversFor(pinned), leaversFor(leaving)]).toEqual([[], []]);
  });
});

describe('a copy that is loading', () => {
  const loading = (parts: Partial<Model>, asked: Class = 'default'): CoreDriver => {
    const driver = aDriver({ minResidency: 5_000, ...parts });
    if (!driver.isLoading('a', 't')) driver.resolve('a', { class: asked });
    driver.pass(3_000);
    return driver;
  };

  it('may leave once it has come and has been there for its residency', () => {
    expect(leaversFor(loading({}))).toEqual([{ bytes: 4, empty: 10_000, gone: 21_000, drained: null }]);
  });

  it('is told to leave no sooner than the swap budget allows', () => {
    const driver = loading({});
    const told = leaversFor(driver, scheduleOf(driver), 30_000);
    expect(told).toEqual([{ bytes: 4, empty: 10_000, gone: 41_000, drained: null }]);
  });

  it('whose load is overdue is none: its end cannot be told', () => {
    const driver = loading({ loadTimeout: 9_000 });
    driver.pass(6_000);
    expect(leaversFor(driver)).toEqual([]);
  });

  it('of a higher class, or pinned, may not', () => {
    const all = [loading({ class: 'critical' }), loading({ pinnedCopies: 1 })];
    expect(all.map((driver) => leaversFor(driver))).toEqual([[], []]);
  });
});

describe('a job before it in the line', () => {
  it('brings a copy that may leave once it has been there and its first lease has ended', () => {
    const driver = warm();
    const schedule = scheduleOf(driver);
    comes(driver, schedule);
    expect(leaversFor(driver, schedule)).toEqual([
      { bytes: 4, empty: 10_000, gone: 11_000, drained: ['a'] },
      { bytes: 1, empty: 8_000, gone: 19_000, drained: null },
    ]);
  });

  it('brings a copy that is told to leave no sooner than the swap budget allows', () => {
    const driver = aDriver();
    const schedule = scheduleOf(driver);
    comes(driver, schedule);
    expect(leaversFor(driver, schedule, 30_000)).toMatchObject([{ bytes: 1, empty: 8_000, gone: 41_000 }]);
  });

  it('keeps the copies that leave for it', () => {
    const driver = warm();
    const schedule = scheduleOf(driver);
    comes(driver, schedule, [driver.fleet.replicas.get(`a@${T}` as never) as Ready]);
    expect(leaversFor(driver, schedule).map(({ bytes }) => bytes)).toEqual([1]);
  });

  it('that gets its place now leaves no more to promise than what is over', () => {
    const driver = aDriver();
    const schedule = scheduleOf(driver);
    const isThere = (): boolean => schedule.isOnItsWay(placeOf(driver, X), []);
    expect(isThere()).toBe(true);
    comes(driver, schedule);
    expect(isThere()).toBe(false);
  });

  it('of a higher class lends nothing to a lower one', () => {
    const driver = warm().declare(aModel('b', { gpuBytes: 1, class: 'critical' }));
    const schedule = scheduleOf(driver);
    comes(driver, schedule);
    expect(leaversFor(driver, schedule).map(({ bytes }) => bytes)).toEqual([4]);
  });
});

describe('on a server without a GPU', () => {
  it('what its host holds comes free once', () => {
    const onHost = (id: string, hostBytes: number, minResidency = 0): Model =>
      aModel(id, { gpuBytes: 0, hostBytes, minResidency });
    const driver = new CoreDriver()
      .declare(onHost('a', 2, 600_000), onHost('b', 1), onHost('x', 3))
      .serve(aServer('t', [], { devices: null, hostMemory: 4 }), ['a', 'b', 'x'])
      .warm('a', 't');
    for (const name of ['b', 'x']) driver.loadsTake(name, 8_000);
    driver.resolve('b');
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
  });
});

describe('what a model needs on its server', () => {
  it('does not leave for it, also where it is not ready yet', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 6 }), aModel('x', { gpuBytes: 6, dependsOn: [A] }))
      .declare(aModel('b', { gpuBytes: 3, minResidency: 600_000 }))
      .serve(aServer('t', [12]), ['a', 'b', 'x'])
      .warm('b', 't');
    for (const name of ['a', 'x']) driver.loadsTake(name, 8_000);
    driver.resolve('a', { wait: 0 });
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
  });
});
