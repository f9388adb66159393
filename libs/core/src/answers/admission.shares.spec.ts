import { describe, expect, it } from '@jest/globals';
import { aModel } from '../../../../test/support/core-driver.js';
import { busy, loadAll, promised } from '../../../../test/support/one-load-slot.js';

describe('a tenant whose part is used up', () => {
  it('breaks no promise of its own by a later request', () => {
    const driver = busy();
    const own = driver.resolve('b', { wait: 16_000, tenant: 'x' });
    driver.resolve('c', { wait: 60_000, tenant: 'y' });
    driver.resolve('d', { wait: 60_000, tenant: 'x' });
    loadAll(driver);
    expect(driver.answerTo(own)).toBe('t');
  });

  it('keeps a promise beside the request of another tenant for which there is no forecast', () => {
    const driver = busy(aModel('unseen', { gpuBytes: 9 }));
    driver.shelf('t').set('unseen', '');
    driver.pass(1_000);
    const own = driver.resolve('b', { wait: 16_000, tenant: 'flood' });
    driver.resolve('unseen', { wait: 60_000, tenant: 'quiet' });
    loadAll(driver);
    expect(driver.answerTo(own)).toBe('t');
  });

  it('pays no second time for a job that it joins with an earlier deadline', () => {
    const driver = busy();
    driver.resolve('b', { wait: 60_000, tenant: 'x' });
    driver.resolve('c', { wait: 30_000, tenant: 'y' });
    expect(promised(driver, driver.resolve('b', { wait: 16_000, tenant: 'x' }))).toBe(16_000);
  });
});
