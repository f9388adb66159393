import { describe, expect, it } from '@jest/globals';
import { aModel, CoreDriver } from '../../../../test/support/core-driver.js';
import { learnLease, usualLease } from './leases.js';

const A = aModel('a').id;

/** The usual lease after each of these, in seconds. */
function usualAfter(...leases: readonly number[]): number[] {
  const { fleet } = new CoreDriver().declare(aModel('a'));
  return leases.map((lease) => {
    learnLease(fleet, A, lease * 1_000);
    return usualLease(fleet, A) / 1_000;
  });
}

describe('the usual lease of a model', () => {
  it('is ten seconds until one is known', () => {
    expect(usualLease(new CoreDriver().fleet, A)).toBe(10_000);
  });

  it('is a longer one at once', () => {
    expect(usualAfter(4, 20, 60)).toEqual([4, 20, 60]);
  });

  it('comes down to shorter ones by an eighth of the difference', () => {
    expect(usualAfter(20, 4, 4)).toEqual([20, 18, 16.25]);
  });
});
