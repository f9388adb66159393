import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import { givesBackLate } from '../fleet/meter.js';
import { reservationOf } from '../memory/footprint.js';

const SERVER = aServer('t').id;
/** Long enough for a clean sample, wherever looks begin. */
const REST = 25_000;
const MINUTE = 60_000;

/** A server with one GPU of 20, and models of 4 that stay. */
function aDriver(ids: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f']): CoreDriver {
  const models = ids.map((id) => aModel(id, { idleUnload: null, config: '{}' }));
  const driver = new CoreDriver().declare(...models).serve(aServer('t', [20]), ids);
  show(driver, 0);
  driver.pass(REST);
  return driver;
}

function show(driver: CoreDriver, used: number): void {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory: 20, used }];
}

/** The load of a model runs out, and the next clean sample shows so much in use. */
function runsOut(driver: CoreDriver, model: string, used: number): void {
  driver.resolve(model, { wait: 1_000 });
  driver.pass(400);
  driver.loadEnds(model, 't', 'capacity');
  show(driver, used);
  driver.pass(REST);
}

const booked = ({ fleet }: CoreDriver, model: string) =>
  reservationOf(fleet, fleet.servers.get(SERVER), aModel(model).id).bytes;
function copyOfB({ fleet }: CoreDriver): unknown {
  const copy = fleet.replicas.get(replicaId(aModel('b').id, SERVER))!;
  return [copy.phase, copy.bookings[0]!.bytes];
}
const unload = (driver: CoreDriver, id: string) =>
  driver.tell({ kind: 'UnloadOrdered', model: aModel(id).id, force: true });
const isLate = ({ fleet, now }: CoreDriver) => givesBackLate(fleet.servers.get(SERVER)!, new Now(now));

describe('a model that ran out of memory where the books were right', () => {
  it('is booked with more than was free for it once it has run out again, until it is measured', () => {
    const driver = aDriver().warm('a', 't');
    show(driver, 4);
    driver.pass(REST);
    runsOut(driver, 'b', 4);
    expect(booked(driver, 'b')).toBe(4);
    driver.pass(10 * MINUTE);
    runsOut(driver, 'b', 4);
    expect(booked(driver, 'b')).toBe(17);
    driver.pass(10 * MINUTE);
    unload(driver, 'a');
    show(driver, 0);
    driver.pass(REST);
    driver.resolve('b');
    show(driver, 18);
    driver.loadEnds('b', 't');
    driver.pass(REST);
    expect(booked(driver, 'b')).toBe(18);
  });

  it('is booked with all that a device has beside others at most: else nothing could hold it', () => {
    const driver = aDriver();
    for (let times = 0; times < 2; times += 1) {
      runsOut(driver, 'b', 1);
      driver.pass(10 * MINUTE);
    }
    runsOut(driver, 'b', 1);
    expect(booked(driver, 'b')).toBe(19);
    driver.pass(10 * MINUTE);
    driver.resolve('b');
    expect(driver.isLoading('b', 't')).toBe(true);
  });

  describe('on several devices', () => {
    /** A server with two GPUs of 20, of which so much is in use, after the load of `a` onto both ran out. */
    function ranOutOnBoth(times: number, ...used: readonly [number, number]): CoreDriver {
      const a = aModel('a', { idleUnload: null, deviceSets: [[0, 1]], config: '{}' });
      const driver = new CoreDriver().declare(a).serve(aServer('t', [20, 20]), ['a']);
      const showBoth = (some: readonly number[]): void => {
        driver.shelf('t').gpus = some.map((bytes, at) => ({ uuid: `t-${at}`, memory: 20, used: bytes }));
      };
      showBoth([0, 0]);
      driver.pass(REST);
      for (let nth = 0; nth < times; nth += 1) {
        driver.resolve('a', { wait: 1_000 });
        driver.pass(400);
        driver.loadEnds('a', 't', 'capacity');
        showBoth(used.map((bytes) => bytes * (nth + 1)));
        driver.pass(10 * MINUTE);
      }
      return driver;
    }

    it('has run out once, although both of them closed', () => {
      expect(booked(ranOutOnBoth(1, 0, 0), 'a')).toBe(4);
      expect(booked(ranOutOnBoth(2, 0, 0), 'a')).toBe(20);
    });

    it('is not to blame where others had come on one of them', () => {
      expect(booked(ranOutOnBoth(3, 0, 4), 'a')).toBe(4);
    });
  });

  function ranOutTwice(): CoreDriver {
    const driver = aDriver();
    for (let times = 0; times < 2; times += 1) {
      runsOut(driver, 'b', 0);
      driver.pass(10 * MINUTE);
    }
    return driver;
  }

  it('is forgiven where an admin orders its load', () => {
    const driver = ranOutTwice();
    driver.tell({ kind: 'LoadOrdered', model: aModel('b').id, until: driver.now + MINUTE });
    expect(booked(driver, 'b')).toBe(4);
  });

  it('is forgiven, too, where it has its place by then', () => {
    const driver = ranOutTwice();
    driver.warm('a', 't');
    driver.resolve('a', { lease: 30_000 });
    driver.resolve('b', { wait: MINUTE });
    driver.pass(1_000);
    expect(copyOfB(driver)).toEqual(['placed', 20]);
    driver.tell({ kind: 'LoadOrdered', model: aModel('b').id, until: driver.now + MINUTE });
    expect(copyOfB(driver)).toEqual(['loading', 4]);
  });

  it('is not forgiven while a copy may hold that much: what it holds would be given to others', () => {
    const driver = ranOutTwice();
    driver.resolve('b');
    driver.loadEnds('b', 't');
    driver.tell({ kind: 'LoadOrdered', model: aModel('b').id, until: driver.now + MINUTE });
    expect(copyOfB(driver)).toEqual(['ready', 20]);
  });
});

it('a model that ran out of memory where others had come is booked as before, however often', () => {
  const driver = aDriver().warm('a', 't');
  show(driver, 4);
  driver.pass(REST);
  for (const used of [8, 12, 16]) {
    runsOut(driver, 'b', used);
    driver.pass(10 * MINUTE);
  }
  expect(booked(driver, 'b')).toBe(4);
});

it('a model that ran out just before its process ended is not blamed by what the next one shows', () => {
  const driver = aDriver();
  for (let times = 0; times < 2; times += 1) {
    driver.resolve('b', { wait: 1_000 });
    driver.pass(400);
    driver.loadEnds('b', 't', 'capacity');
    for (const fact of ['ended', 'refused', 'connected'] as const)
      driver.tell({ kind: 'ContactChanged', server: SERVER, fact });
    driver.pass(10 * MINUTE);
  }
  expect([booked(driver, 'b'), driver.fleet.outgrown.size]).toEqual([4, 0]);
});

describe('a process that gives memory back late', () => {
  it('is none where loads ran out one after the other, and nothing had left', () => {
    const driver = aDriver();
    for (const id of ['a', 'b', 'c']) {
      driver.resolve(id, { wait: 1_000 });
      driver.pass(400);
      driver.loadEnds(id, 't', 'capacity');
      driver.pass(3_500);
    }
    expect(isLate(driver)).toBe(false);
  });

  /** A load runs out right after an unload, `times` times, so far apart. */
  function struck(times: number, apart: number): CoreDriver {
    const driver = aDriver();
    for (const id of ['a', 'b', 'c', 'd', 'e'].slice(0, times)) {
      driver.warm(id, 't');
      show(driver, 4);
      driver.pass(REST);
      unload(driver, id);
      driver.pass(1);
      const next = String.fromCharCode(id.charCodeAt(0) + 1);
      runsOut(driver, next, 0);
      driver.pass(apart);
    }
    return driver;
  }

  it('is one after two strikes within ten minutes', () => {
    expect([isLate(struck(1, 0)), isLate(struck(2, 5 * MINUTE)), isLate(struck(2, 9.9 * MINUTE))]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('is none any more ten minutes after the last strike, nor once it is another process', () => {
    const driver = struck(2, 0);
    expect(isLate(driver)).toBe(true);
    driver.pass(8 * MINUTE);
    expect(isLate(driver)).toBe(true);
    driver.pass(2 * MINUTE);
    expect(isLate(driver)).toBe(false);
    const other = struck(2, 0);
    for (const fact of ['ended', 'refused', 'connected'] as const)
      other.tell({ kind: 'ContactChanged', server: SERVER, fact });
    other.pass(1_000);
    expect(isLate(other)).toBe(false);
  });

  it('holds the memory of what it unloads until a look shows that it is back', () => {
    const driver = struck(2, 0).warm('f', 't');
    show(driver, 4);
    driver.pass(REST);
    unload(driver, 'f');
    driver.pass(1_000);
    expect(driver.phase('f', 't')).toBe('unloading');
    show(driver, 0);
    driver.pass(600);
    expect(driver.phase('f', 't')).toBeUndefined();
  });

  it('holds it for a window at most', () => {
    const driver = struck(2, 0).warm('f', 't');
    show(driver, 4);
    driver.pass(REST);
    unload(driver, 'f');
    driver.pass(2_900);
    expect(driver.phase('f', 't')).toBe('unloading');
    driver.pass(1_000);
    expect(driver.phase('f', 't')).toBeUndefined();
  });
});
