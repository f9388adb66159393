import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { evicted } from '../../../../test/support/evicted.js';

/** One eviction a minute, if no other budget is told: `a` is warm and idle, and `b` has just made room for it. */
function idleAfterEviction(loadsPerDevicePerMinute = 1): CoreDriver {
  const driver = evicted({ loadsPerDevicePerMinute });
  driver.pass(2_000);
  expect(driver.orders()).toEqual(['load b@s', 'unload b@s', 'load a@s']);
  return driver;
}

describe('a device that has had its evictions of a minute', () => {
  it('makes no other copy leave until one is left again, without anything that happens', () => {
    const driver = idleAfterEviction();
    const began = driver.now;
    driver.tell({ kind: 'LoadOrdered', model: aModel('b').id, until: driver.now + 600_000 });
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 600_000 };
    driver.pass(54_000);
    expect(driver.orders().length).toBe(3);
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
    expect(driver.now - began).toBeLessThan(60_000);
  });

  it('takes what fits it free', () => {
    const driver = idleAfterEviction();
    driver.resolve('small');
    expect(driver.orders().slice(3)).toEqual(['load small@s']);
  });

  it('makes others leave for a starving model', () => {
    const driver = idleAfterEviction();
    driver.resolve('b');
    driver.pass(29_000);
    expect(driver.orders().length).toBe(3);
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });

  it('does so for every second load at most', () => {
    const driver = idleAfterEviction().declare(aModel('c', { gpuBytes: 8 }));
    driver.shelf('s').set('c', '');
    driver.pass(11_000);
    for (const model of ['b', 'c']) driver.resolve(model, { wait: 300_000, lease: 1_000 });
    driver.pass(32_000);
    driver.loadEnds('b', 's');
    driver.pass(50_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
    driver.pass(15_000);
    expect(driver.orders().slice(5)).toEqual(['unload b@s', 'load c@s']);
  });

  it('makes others leave for a pin', () => {
    const driver = idleAfterEviction();
    driver.declare(aModel('b', { gpuBytes: 8, pinnedCopies: 1 }));
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });

  it('tells a request that does not wait how long it will be', () => {
    const driver = idleAfterEviction().loadsTake('b', 8_000);
    const request = driver.resolve('b', { wait: 0 });
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'loading', phase: 'waiting' });
    expect(driver.refusalOf(request).eta).toBeGreaterThan(45_000);
    expect(driver.refusalOf(request).eta).toBeLessThan(73_000);
  });

  it('refuses at once a request with less time than the load alone takes, and hints at the eviction', () => {
    const driver = idleAfterEviction().loadsTake('b', 8_000);
    const refusal = driver.refusalOf(driver.resolve('b', { wait: 7_000 }));
    expect(refusal.reason).toBe('deadline_unreachable');
    expect(refusal.retryAfter).toBeGreaterThan(45_000);
  });

  it('refuses at once a request that cannot wait for an eviction: no promise counts on the starving of a model', () => {
    const driver = idleAfterEviction().loadsTake('b', 8_000);
    const starved = driver.fleet.limits.starvation + 8_000;
    expect(driver.answerTo(driver.resolve('b', { wait: starved + 1_000 }))).toBe('deadline_unreachable');
  });

  it('is waited for by a request that has time until an eviction is left', () => {
    const driver = idleAfterEviction().loadsTake('b', 8_000);
    driver.pass(40_000);
    const [late, early] = [driver.resolve('b', { wait: 26_000 }), driver.resolve('b', { wait: 15_000 })];
    expect(driver.answerTo(late)).toBe('waiting');
    expect(driver.answerTo(early)).toBe('deadline_unreachable');
    driver.pass(18_000);
    expect(driver.phase('b', 's')).toBe('loading');
  });

  it('hints at the moment from which a request that waits as long is promised', () => {
    const driver = idleAfterEviction().loadsTake('b', 8_000);
    const { retryAfter } = driver.refusalOf(driver.resolve('b', { wait: 20_000 }));
    driver.pass(retryAfter! - 1_000);
    expect(driver.answerTo(driver.resolve('b', { wait: 20_000 }))).toBe('deadline_unreachable');
    driver.pass(1_000);
    expect(driver.answerTo(driver.resolve('b', { wait: 20_000 }))).toBe('waiting');
  });

  it('is not blamed where a request would be too late with an eviction as well', () => {
    const driver = idleAfterEviction().loadsTake('b', 8_000);
    driver.resolve('a', { lease: 25_000 });
    const refusal = driver.refusalOf(driver.resolve('b', { wait: 28_000 }));
    expect(refusal.reason).toBe('deadline_unreachable');
    expect(refusal.detail).toBeUndefined();
  });

  it('refuses no admitted request, whatever has spent it since', () => {
    const driver = idleAfterEviction(2).loadsTake('b', 8_000);
    driver.resolve('a', { lease: 5_000 });
    const request = driver.resolve('b', { wait: 20_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevicePerMinute: 1 };
    driver.pass(1_000);
    expect(driver.answerTo(request)).toBe('waiting');
  });

  it('counts the load that follows in what it tells', () => {
    const etaWith = (took: number): number => {
      const driver = idleAfterEviction();
      driver.loadsTake('b', took);
      return driver.refusalOf(driver.resolve('b', { wait: 0 })).eta!;
    };
    expect(etaWith(7_000)).toBe(etaWith(5_000) + 2_000);
  });

  it('does not call that a budget which still has an eviction left', () => {
    const driver = idleAfterEviction(2);
    driver.resolve('b', { wait: 5_000 });
    driver.pass(3_000);
    expect(driver.orders().slice(3)).toEqual(['unload a@s', 'load b@s']);
  });
});

describe('a eviction for a job in line', () => {
  it('is one less for the jobs behind it', () => {
    const names = ['a', 'e', 'b', 'c', 'first'];
    const sizeOf = (name: string): number => (name === 'first' ? 1 : 4);
    const driver = new CoreDriver()
      .declare(...names.map((name) => aModel(name, { config: '{}', gpuBytes: sizeOf(name) })))
      .serve(aServer('s', [8, 1]), names)
      .warm('a', 's')
      .warm('e', 's');
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1, loadsPerDevicePerMinute: 1 };
    for (const name of ['b', 'c']) driver.loadsTake(name, 8_000);
    driver.loadsTake('first', 40_000);
    driver.pass(20_000);
    driver.resolve('first');
    driver.resolve('b', { wait: 100_000 });
    driver.resolve('c', { wait: 200_000 });
    const [b, c] = ['b', 'c'].map((name) => driver.fleet.line.get(aModel(name).id)!);
    expect(c!.placeAt).toBe(b!.placeAt + 60_000);
  });
});
