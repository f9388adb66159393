import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { wantFor } from '../demand/wants.js';
import { openServers } from '../fleet/standing.js';
import { evicted } from '../../../../test/support/evicted.js';
import { Line } from './line.js';

/** A server that `x` and `y` fill in turn, beside the models told; a load of any takes 10 s. */
function oneServer(...models: string[]): CoreDriver {
  const all = [...models, 'x', 'y'];
  const driver = new CoreDriver()
    .declare(...all.map((name) => aModel(name, { gpuBytes: 8 })))
    .serve(aServer('s', [10]), all);
  for (const name of all) driver.loadsTake(name, 10_000);
  return driver;
}

/** `t` has room for `x`, and a load of `b` for 9 s more. */
function busyBeside(driver: CoreDriver): void {
  driver
    .declare(aModel('b'))
    .loadsTake('b', 10_000)
    .serve(aServer('t', [12]), ['x', 'b']);
  driver.resolve('b');
  driver.pass(1_000);
}

const forecastOf = (driver: CoreDriver, model: string) => driver.fleet.line.get(aModel(model).id)!;

/** What a job would reserve that does not stand in line. */
function foreseen({ fleet, now }: CoreDriver, model: string) {
  const want = wantFor(fleet, fleet.models.get(aModel(model).id)!, new Now(now));
  return new Line(fleet, [want], openServers(fleet, new Now(now)), new Now(now)).forecastFor(want.model.id)!;
}

describe('a job with free memory in time', () => {
  it('goes there, though its waiting would be worth more than a copy elsewhere', () => {
    const driver = oneServer('a').warm('a', 's');
    driver.serve(aServer('t', [10]), ['x', 'b']);
    driver.resolve('x');
    expect(driver.orders().slice(1)).toEqual(['load x@t']);
    expect(driver.phase('a', 's')).toBe('ready');
  });

  it('waits there for a slot rather than that a copy leaves, where the promise holds', () => {
    const driver = oneServer('a').warm('a', 's');
    busyBeside(driver);
    driver.resolve('x', { wait: 60_000 });
    expect(forecastOf(driver, 'x')).toMatchObject({ server: 't' });
    expect(driver.phase('x', 't')).toBeUndefined();
  });

  it('takes the place of a copy elsewhere where only that is in time', () => {
    const driver = oneServer('a').warm('a', 's');
    driver.pass(20_000);
    busyBeside(driver);
    driver.resolve('x', { wait: 15_000 });
    driver.pass(1_000);
    expect(driver.orders().slice(2)).toEqual(['unload a@s', 'load x@s']);
  });
});

describe('a job for which a copy in use has to leave', () => {
  it('gets its place at once where nothing else is waited for, and the lease is honoured', () => {
    const driver = oneServer('a').warm('a', 's');
    driver.pass(4_000);
    driver.resolve('x');
    expect([driver.phase('a', 's'), driver.phase('x', 's')]).toEqual(['draining', 'placed']);
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@s']);
    driver.pass(2_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });

  it('waits until its residency is over, and counts a whole lease from then', () => {
    const driver = oneServer();
    driver.declare(aModel('a', { gpuBytes: 8, minResidency: 20_000 })).loadsTake('a', 10_000);
    driver.shelf('s').set('a', '');
    driver.pass(11_000);
    driver.warm('a', 's').resolve('x');
    const { placeAt, startsAt } = forecastOf(driver, 'x');
    expect(placeAt - driver.now).toBe(20_000);
    expect(startsAt - placeAt).toBeGreaterThanOrEqual(10_000);
    expect(driver.phase('a', 's')).toBe('ready');
  });

  it('is where enough has left soonest, where no place is in time', () => {
    const driver = oneServer('a').warm('a', 's');
    driver.resolve('a', { lease: 50_000 });
    driver
      .declare(aModel('b', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['x', 'b'])
      .warm('b', 't');
    driver.resolve('b', { lease: 30_000 });
    expect(driver.answerTo(driver.resolve('x', { wait: 15_000 }))).toBe('no_capacity');
    expect(forecastOf(driver, 'x')).toMatchObject({ server: 't' });
  });
});

describe('what leaves by itself', () => {
  it('is counted on where it is idle before others may leave, and promised to nobody: it may be used again', () => {
    const driver = evicted({ loadsPerDevicePerMinute: 1 });
    driver.pass(2_000);
    driver.loadsTake('b', 8_000).declare(aModel('a', { gpuBytes: 8, idleUnload: 10_000 }));
    expect(driver.answerTo(driver.resolve('b', { wait: 20_000 }))).toBe('deadline_unreachable');
    const { start, ready } = foreseen(driver, 'b');
    expect([Math.round(start.at - driver.now), ready.p90]).toEqual([8_001, Infinity]);
    driver.pass(12_000);
    expect(driver.answerTo(driver.resolve('b', { wait: 20_000 }))).toBe('waiting');
    expect(driver.isLoading('b', 's')).toBe(true);
  });
});

describe('a job behind another that takes what is free', () => {
  it('waits for the memory that is free later, beyond its turn for a slot', () => {
    const driver = new CoreDriver()
      .declare(aModel('old', { gpuBytes: 5 }), aModel('first', { gpuBytes: 1 }), aModel('c'))
      .declare(aModel('b', { minResidency: 60_000 }))
      .serve(aServer('s', [10]), ['old', 'first', 'b', 'c'])
      .warm('old', 's');
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const name of ['first', 'b', 'c']) driver.loadsTake(name, 8_000);
    driver.resolve('old', { lease: 40_000 });
    driver.tell({ kind: 'UnloadOrdered', model: aModel('old').id, force: false });
    driver.resolve('first');
    driver.resolve('b', { wait: 50_000 });
    driver.resolve('c', { wait: 60_000 });
    const starts = ['b', 'c'].map((name) => forecastOf(driver, name).startsAt - driver.now);
    expect(starts).toEqual([8_000, 41_000]);
  });
});

describe('a job behind another that takes all there is', () => {
  it('counts the load, a lease and the unload of that one, and gets no place yet', () => {
    const driver = oneServer();
    driver.resolve('x', { wait: 60_000 });
    const request = driver.resolve('y', { wait: 60_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    const { startsAt } = forecastOf(driver, 'y');
    expect(startsAt - driver.now).toBeGreaterThanOrEqual(20_000);
    expect(driver.phase('y', 's')).toBeUndefined();
    driver.loadEnds('x', 's');
    driver.pass(30_000);
    expect(driver.orders()).toEqual(['load x@s', 'unload x@s', 'load y@s']);
  });

  it('is refused where that is too late', () => {
    const driver = oneServer();
    driver.resolve('x', { wait: 60_000 });
    expect(driver.answerTo(driver.resolve('y', { wait: 25_000 }))).toBe('deadline_unreachable');
  });
});
