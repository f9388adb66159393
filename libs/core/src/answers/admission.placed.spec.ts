import { describe, expect, it } from '@jest/globals';
import { aRequest } from '../../../../test/support/builders.js';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { decide } from '../../../../test/support/decide.js';
import { busy, promised } from '../../../../test/support/one-load-slot.js';
import type { ModelId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';

/** For how long the copies that leave are in use. */
const LEASE: Millis = 10_000;

/** A server with one load slot that is full of copies in use. Their memory is promised to `b`, which loads first, and to `c`. */
function placed(): CoreDriver {
  const driver = new CoreDriver().declare(
    ...['x', 'y', 'b', 'c'].map((name) => aModel(name, { minResidency: 0 })),
  );
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
  driver
    .serve(aServer('t', [8]), ['x', 'y', 'b', 'c'])
    .warm('x', 't')
    .warm('y', 't')
    .unloadsTake('t', 1_000);
  for (const name of ['b', 'c']) driver.loadsTake(name, 8_000);
  for (const name of ['x', 'y']) driver.resolve(name, { lease: LEASE, tenant: 'flood' });
  for (const name of ['b', 'c']) driver.resolve(name, { wait: 60_000, tenant: 'flood' });
  driver.pass(9_000);
  expect(['b', 'c'].map((name) => driver.phase(name, 't'))).toEqual(['placed', 'placed']);
  return driver;
}

describe('a job that has its place', () => {
  it('moves forward for a request with an earlier deadline', () => {
    const driver = placed();
    expect(promised(driver, driver.resolve('c', { wait: 12_000, tenant: 'flood' }))).toBe(10_000);
  });

  it('moves forward for a tenant under its share, and breaks the promise of one over its own', () => {
    const driver = placed();
    const displaced = driver.resolve('b', { wait: 11_000, tenant: 'flood' });
    expect(promised(driver, displaced)).toBe(10_000);
    expect(driver.answerTo(driver.resolve('c', { wait: 12_000, tenant: 'flood' }))).toBe(
      'deadline_unreachable',
    );
    expect(promised(driver, driver.resolve('c', { wait: 12_000, tenant: 'quiet' }))).toBe(10_000);
    expect(driver.answerTo(displaced)).toBe('over_share');
  });

  it('moves forward for a higher class', () => {
    const driver = placed();
    driver.resolve('b', { wait: 11_000, tenant: 'flood' });
    const critical = driver.resolve('c', { wait: 12_000, tenant: 'flood', class: 'critical' });
    expect(promised(driver, critical)).toBe(10_000);
  });
});

describe('a job that has no room beside one that has its place', () => {
  /** `x` is in use, and leaves for `b`. */
  function full(): CoreDriver {
    const driver = new CoreDriver().declare(
      ...['x', 'b', 'c', 'd'].map((name) => aModel(name, { gpuBytes: 8, minResidency: 0 })),
    );
    driver
      .serve(aServer('t', [8]), ['x', 'b', 'c', 'd'])
      .warm('x', 't')
      .unloadsTake('t', 1_000);
    for (const name of ['b', 'c', 'd']) driver.loadsTake(name, 8_000);
    driver.resolve('x', { lease: LEASE, tenant: 'flood' });
    driver.resolve('b', { wait: 30_000, tenant: 'quiet' });
    expect(driver.phase('b', 't')).toBe('placed');
    return driver;
  }

  it('has what was charged for it returned in the turn in which another tenant takes its time', () => {
    const driver = full().loadsTake('c', 20_000);
    const displaced = driver.resolve('c', { wait: 60_000, tenant: 'flood' });
    expect([...driver.fleet.charges.keys()]).toEqual(['b', 'c']);
    const request = aRequest('quiet', 'd', driver.now, { wait: 45_000, tenant: 'quiet' });
    const actions = decide(driver.fleet, [{ kind: 'RequestArrived', request }], driver.now);
    expect(actions).toMatchObject([
      { kind: 'refuse', request: displaced, refusal: { reason: 'over_share' } },
    ]);
    expect([...driver.fleet.charges.keys()]).toEqual(['b', 'd']);
  });
});

describe('a request that can wait for longer than the requests before it', () => {
  it('is promised a job that is too late for these', () => {
    const driver = busy();
    const anywhere = { mean: Math.log(8_000), deviation: 0.2, count: 8 };
    driver.tell({ kind: 'LoadTimesRemembered', model: 'b' as ModelId, anywhere, on: [] });
    const before = driver.resolve('b', { wait: 20_000, tenant: 'flood' });
    driver.pass(8_500);
    expect(driver.answerTo(before)).toBe('waiting');
    expect(promised(driver, driver.resolve('b', { wait: 20_000, tenant: 'quiet' }))).toBeGreaterThan(11_500);
  });
});
