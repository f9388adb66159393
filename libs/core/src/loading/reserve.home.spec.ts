import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { noteRefuted } from './refuted.js';
import { wakeOf } from '../../../../test/support/decide.js';

const [S, T, X] = [aServer('s').id, aServer('t').id, aModel('x').id];

/** `a` fills one server and has 20 s of its residency left, `b` the other and is in use for 50 s; `x` waits for one of them. */
function aDriver(wait: number): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 8, minResidency: 60_000 }), aModel('b', { gpuBytes: 8 }))
    .declare(aModel('x', { gpuBytes: 8 }))
    .serve(aServer('s', [10]), ['a', 'x'])
    .serve(aServer('t', [10]), ['b', 'x']);
  for (const [model, server] of [
    ['a', 's'],
    ['b', 't'],
  ] as const) {
    driver.warm(model, server).unloadsTake(server, 1_000);
  }
  driver.loadsTake('x', 8_000).loadsTake('b', 8_000).pass(40_000);
  driver.resolve('b', { lease: 50_000 });
  driver.fleet.requestRates.set(aModel('b').id, { sum: 99, at: driver.now });
  driver.resolve('x', { wait });
  return driver;
}

const homeOf = ({ fleet }: CoreDriver) => fleet.line.get(X)!.server;

describe('a promised job', () => {
  it('is where it is ready soonest', () => {
    const driver = aDriver(50_000);
    expect(homeOf(driver)).toBe('s');
    expect(driver.fleet.promises.size).toBe(1);
  });

  it('stays on its server while it is in time there by its P50, though it would be sooner on another', () => {
    const driver = aDriver(50_000);
    driver.fleet.usualLeases.set(aModel('a').id, 30_000);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    driver.pass(1_000);
    expect([driver.phase('b', 't'), homeOf(driver)]).toEqual([undefined, 's']);
    expect(driver.fleet.line.get(X)!.readyAt.p90).toBeGreaterThan(driver.fleet.line.get(X)!.neededBy);
  });

  it('goes to another once its P50 is late on its own', () => {
    const driver = aDriver(50_000);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    driver.pass(1_000);
    driver.resolve('a', { lease: 50_000 });
    expect(driver.isLoading('x', 't')).toBe(true);
  });
});

describe('a job that nobody was promised', () => {
  it('goes to where it is sooner', () => {
    const driver = aDriver(50_000);
    for (const id of driver.fleet.promises.keys()) driver.fleet.promises.set(id, null);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    driver.pass(1_000);
    expect(driver.isLoading('x', 't')).toBe(true);
  });
});

describe('a server where no copies were found that could leave for a job', () => {
  it('is void for it for a second, after which the core is woken; for other jobs it is not', () => {
    const driver = aDriver(50_000);
    noteRefuted(driver.fleet, X, S, new Now(driver.now));
    driver.tell();
    expect(homeOf(driver)).toBe('t');
    noteRefuted(driver.fleet, X, T, new Now(driver.now));
    driver.tell();
    const [until, { startsAt }] = [driver.now + 1_000, driver.fleet.line.get(X)!];
    expect([homeOf(driver), startsAt, wakeOf(driver.fleet, driver.now)]).toEqual([null, Infinity, until]);
    driver.pass(999);
    expect([homeOf(driver), driver.fleet.refuted.size]).toEqual([null, 2]);
    driver.pass(1);
    expect([homeOf(driver), driver.fleet.refuted.size]).toEqual(['s', 0]);
  });

  it('is not void for the jobs of others', () => {
    const driver = aDriver(50_000);
    noteRefuted(driver.fleet, aModel('a').id, S, new Now(driver.now));
    driver.tell();
    expect(homeOf(driver)).toBe('s');
  });
});
