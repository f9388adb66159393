import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount, replicaId } from '../fleet/ids.js';
import { describeWait } from './eta.js';

const [B, K] = [aModel('b').id, aModel('k').id];

/** Two full servers, and no copy of `b`. On `t` a lease ends in 10 s, on `u` in 30 s. */
function full(): CoreDriver {
  const driver = new CoreDriver().declare(aModel('h'), aModel('k'), aModel('b'));
  driver.serve(aServer('t', [4]), ['h', 'b']).serve(aServer('u', [4]), ['k', 'b']);
  for (const name of ['h', 'k', 'b']) driver.loadsTake(name, 2_000);
  driver.warm('h', 't').warm('k', 'u').pass(60_000);
  driver.resolve('h', { lease: 10_000 });
  driver.resolve('k', { lease: 30_000 });
  return driver;
}

describe('the line that a turn writes down', () => {
  it('has of two jobs of one model the first', () => {
    const driver = full().declare(aModel('b', { pinnedCopies: 2 }));
    expect([driver.phase('b', 't'), driver.phase('b', 'u')]).toEqual(['placed', 'placed']);
    expect(driver.fleet.line.get(B)!.server).toBe('t');
    expect(describeWait(driver.fleet, B, new Now(driver.now)).eta!.p50).toBeLessThan(20_000);
  });

  it('tells of the others when they get their places', () => {
    const driver = full();
    const account = gpuAccount(aServer('u').id, 0);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevicePerMinute: 1 };
    const evictsAgainAt = driver.now + 7_000;
    driver.fleet.evictions.set(account, [evictsAgainAt - 60_000]);
    driver.declare(aModel('b', { minCopies: 2 }));
    expect([driver.phase('h', 't'), driver.phase('k', 'u')]).toEqual(['draining', 'ready']);
    driver.pass(10_000);
    expect(driver.fleet.replicas.get(replicaId(K, aServer('u').id))).toMatchObject({
      phase: 'draining',
      since: evictsAgainAt,
    });
  });
});
