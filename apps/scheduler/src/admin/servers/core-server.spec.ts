import { beforeEach, describe, expect, it } from '@jest/globals';
import { HandedOut, leaseOn, pickRoute, replicaId, routeRow } from '#core';
import type { DeclaredServer } from '#engine';
import { aModel, aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import { WallTimes } from '../../transport/wall-times.js';
import { drainEvent, drainOf } from './core-server.js';

const M = aModel('m').id;
const COPY = replicaId(M, aServer('t').id);
const IN_USE = { model: M, version: null, avoid: [] };
const NO_USES = { lastUse: () => undefined, handedOut: new HandedOut() };

describe('a server that is told to be empty in 12 s', () => {
  let driver: CoreDriver;
  let until: string;
  let times: WallTimes;

  beforeEach(() => {
    driver = new CoreDriver()
      .declare(aModel('m'))
      .serve(aServer('t', [10]), ['m'])
      .warm('m', 't');
    const now = (): number => driver.now;
    times = new WallTimes(now, now);
    until = new Date(driver.now + 12_000).toISOString();
  });

  const say = (told: Partial<DeclaredServer>): void => {
    driver.tell(drainEvent({ id: 't', told: { revision: 1, spec: null, drain: null, ...told } }, times));
  };
  /** How long a lease is given that is asked to be a minute long; undefined: no route is given. */
  const lease = (): number | undefined => {
    const copy = pickRoute(driver.fleet, IN_USE, NO_USES, driver.now);
    return copy && leaseOn(driver.fleet, copy, 60_000, driver.now);
  };
  const isWatched = (): boolean => routeRow(driver.fleet, COPY) !== undefined;

  it('has no lease beyond an end that was announced, and leaves watched tables 10 s before it', () => {
    say({ end: { said: 'leaving', deadline: until } });
    driver.resolve('m', { lease: 60_000 });
    driver.pass(1_900);
    expect([lease(), isWatched()]).toEqual([10_100, true]);
    driver.pass(100);
    expect([lease(), isWatched(), driver.phase('m', 't')]).toEqual([undefined, false, 'draining']);
    driver.pass(9_999);
    expect(driver.orders()).not.toContain('unload m@t');
    driver.pass(1);
    expect(driver.orders()).toContain('unload m@t');
  });

  it('has leases for 10 s beyond the deadline of a drain', () => {
    say({ drain: { deadline: until } });
    driver.resolve('m', { lease: 60_000 });
    driver.pass(11_900);
    expect([lease(), isWatched()]).toEqual([10_100, true]);
    driver.pass(10_000);
    expect(driver.orders()).not.toContain('unload m@t');
  });

  it('gives no route without a lease while the fleet is frozen', () => {
    say({ end: { said: 'leaving', deadline: until } });
    driver.tell({ kind: 'FreezeOrdered', reason: 'test', since: driver.now });
    driver.pass(11_999);
    expect([lease(), driver.phase('m', 't')]).toEqual([1, 'ready']);
    driver.now += 1;
    expect(lease()).toBeUndefined();
    const request = driver.resolve('m', { wait: 0 });
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'loading', detail: 'frozen' });
  });

  it('is drained by who has it empty first', () => {
    const drain = { deadline: null, by: 'ops' };
    const end = { said: 'leaving', deadline: until, by: 'scaler' } as const;
    const cause = (told: Partial<DeclaredServer>) =>
      drainOf({ revision: 1, spec: null, drain, ...told })?.cause;
    expect(cause({ end })).toBe('webhook');
    expect(cause({ drain: { ...drain, cause: 'alert' } })).toBe('alert');
    expect(cause({ drain: { deadline: '1970-01-01T00:00:00.000Z' }, end })).toBe('admin');
    expect(cause({ drain: null, end: { said: 'left' } })).toBeUndefined();
  });
});
