import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { emptyFleet } from './fleet/fleet.js';
import type { Model } from './fleet/model.js';
import { AT_REST } from './learned/utilisation.js';
import { wakeOf } from '../../../test/support/decide.js';

const A = aModel('a').id;
const T = aServer('t').id;

/** In how long the core wants to be woken. */
const wakesIn = ({ fleet, now }: CoreDriver): number => wakeOf(fleet, now) - now;

/** No look is under way or due until the test says so, and the first ten seconds are over. */
function quiet(parts: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { loadTimeout: 200_000, ...parts }), aModel('b', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['a', 'b']);
  driver.pass(20_000);
  driver.fleet.servers.get(T)!.looking = 'full';
  return driver;
}

const warm = (parts: Partial<Model> = {}): CoreDriver => quiet(parts).warm('a', 't');

describe('the core is woken', () => {
  it('never where there is nothing to wait for, nor once the process goes', () => {
    expect(wakesIn(quiet())).toBe(Infinity);
    const driver = quiet();
    driver.resolve('a');
    driver.tell({ kind: 'ShutdownBegun', reason: 'shutting_down' });
    expect(wakesIn(driver)).toBe(Infinity);
  });

  it('never for servers to which there is no connection, however many there are', () => {
    const driver = quiet();
    const away = Array.from({ length: 1_000 }, (_, nth) => aServer(`away-${nth}`));
    driver.tell(...away.map((server) => ({ kind: 'ServerDeclared', server }) as const));
    const refused = away.map(({ id }) => ({ kind: 'ContactChanged', server: id, fact: 'refused' }) as const);
    driver.tell(...refused.slice(500));
    driver.pass(10_000);
    expect(wakesIn(driver)).toBe(Infinity);
  });

  it('never before its first turn', () => {
    expect(emptyFleet().wakeAt).toBe(Infinity);
  });

  it('when the cold have waited for ten seconds after the start', () => {
    expect(wakesIn(new CoreDriver())).toBe(10_000);
  });

  it('when a request has waited for as long as it would', () => {
    const driver = quiet();
    driver.resolve('a', { wait: 7_000 });
    driver.resolve('a', { wait: 5_000 });
    driver.resolve('a', { wait: 6_000 });
    expect(wakesIn(driver)).toBe(5_000);
  });

  it('when best-effort demand ends', () => {
    const driver = quiet({ enabled: false });
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 9_000 });
    expect(wakesIn(driver)).toBe(9_000);
  });

  it('when a failed load may be tried again', () => {
    const driver = quiet();
    driver.resolve('a');
    driver.loadEnds('a', 't', 'transient');
    const [cooldown] = driver.fleet.cooldowns.values();
    expect(driver.now + wakesIn(driver)).toBe(cooldown!.until);
  });

  it('when a model that failed too often may be tried again', () => {
    const driver = quiet();
    driver.fleet.breakers.set(A, { failures: 3, cause: 'transient', until: driver.now + 700 });
    driver.resolve('a', { wait: 60_000 });
    expect(wakesIn(driver)).toBe(700);
  });

  it('when a load is overdue, and when it counts as stuck', () => {
    const driver = quiet();
    driver.resolve('a', { wait: 0 });
    driver.tell();
    driver.fleet.bestEffort.clear();
    expect(wakesIn(driver)).toBe(200_000);
    driver.now += 200_000;
    expect(wakesIn(driver)).toBe(driver.fleet.limits.stuckAfter);
  });

  it('when an idle replica is to go, but for none that stays for good', () => {
    expect(wakesIn(warm({ idleUnload: 80_000 }))).toBe(80_000);
    expect(wakesIn(warm({ idleUnload: null }))).toBe(Infinity);
    expect(wakesIn(warm({ idleMode: 'soft' }))).toBe(Infinity);
  });

  it('when a lease on what drains ends, and then when its queue has had its time', () => {
    const driver = warm();
    driver.shelf('t').pending.set(A, 1);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    expect(wakesIn(driver)).toBe(10_000);
    driver.now += 10_000;
    expect(wakesIn(driver)).toBe(5_000);
  });

  it('at each whole second while a job waits: what stands in its way may be in use no more by then, or worth less', () => {
    const driver = warm({ minResidency: 20_000, idleUnload: null });
    driver.resolve('b', { wait: 500_000 });
    expect([driver.now % 1_000, wakesIn(driver)]).toEqual([0, 1_000]);
    driver.now += 300;
    expect(wakesIn(driver)).toBe(700);
  });

  it('when a job is to get its place', () => {
    const driver = warm({ minResidency: 20_400, idleUnload: null });
    driver.resolve('b', { wait: 500_000 });
    driver.now += 20_000;
    expect(wakesIn(driver)).toBe(400);
  });

  it('when a request starves that is worth less than what is in use in its way', () => {
    const driver = warm({ idleUnload: null });
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 700 };
    driver.resolve('a', { lease: 60_000 });
    driver.fleet.requestRates.set(A, { sum: 1_000, at: driver.now });
    driver.resolve('b', { wait: 500_000 });
    expect(wakesIn(driver)).toBe(700);
  });

  it('when a drain comes to its deadline', () => {
    const driver = warm({ idleUnload: null });
    driver.tell({ kind: 'DrainOrdered', server: T, deadline: driver.now + 8_300 });
    driver.now += 8_000;
    expect(wakesIn(driver)).toBe(300);
  });

  it('when a copy that demand does not want any more may go', () => {
    const driver = warm({ idleUnload: null, maxCopies: 2 });
    driver.fleet.utilisations.set(A, { ...AT_REST, easySince: driver.now });
    expect(wakesIn(driver)).toBe(300_000);
  });

  it('when a server that is down has been so for two seconds', () => {
    const driver = quiet();
    driver.tell({ kind: 'ContactChanged', server: T, fact: 'ended' });
    driver.fleet.servers.get(T)!.looking = 'full';
    expect(wakesIn(driver)).toBe(2_000);
  });

  it('when a slow server is to be probed again', () => {
    const driver = quiet();
    driver.tell({ kind: 'LookFailed', server: T, why: 'timed_out' });
    driver.tell({ kind: 'ContactChanged', server: T, fact: 'probe_accepted' });
    expect(wakesIn(driver)).toBe(5_000);
  });
});
