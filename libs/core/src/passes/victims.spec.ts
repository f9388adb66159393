import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../model.js';

const A = aModel('a').id;
const U = aServer('u').id;

/** `a` fills the only server, and nobody uses it any more; `x` has room only where it leaves. */
function filledBy(parts: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 8, ...parts }), aModel('x', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['a', 'x'])
    .warm('a', 't');
  driver.pass(20_000);
  return driver;
}

describe('no room is made by a replica', () => {
  it('before its minimum residency is over, and then at once', () => {
    const driver = filledBy({ minResidency: 30_000 });
    driver.resolve('x');
    driver.pass(9_900);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(700);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load x@t']);
  });

  it('that has requests queued inside Triton, unless the newcomer starves', () => {
    const driver = filledBy();
    driver.shelf('t').pending.set(A, 1);
    driver.pass(2_000);
    driver.resolve('x', { wait: 120_000 });
    driver.pass(29_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(2_000);
    expect(driver.phase('a', 't')).toBe('draining');
  });

  it('on a server that is slow to answer, though it holds memory of the same host', () => {
    const host = { host: 'node', hostMemory: 8 };
    const driver = new CoreDriver()
      .declare(aModel('a', { hostBytes: 6 }), aModel('x', { hostBytes: 6 }))
      .serve(aServer('t', [10], host), ['x'])
      .serve(aServer('u', [10], host), ['a'])
      .warm('a', 'u');
    driver.pass(20_000);
    driver.tell({ kind: 'LookFailed', server: U, why: 'timed_out' });
    driver.resolve('x');
    driver.pass(4_000);
    expect(driver.phase('a', 'u')).toBe('ready');
    expect(driver.orders()).toEqual(['load a@u']);
  });

  it('while a load changes its devices in place', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 2, config: '{}' }), aModel('x', { gpuBytes: 8, config: '{}' }))
      .serve(aServer('t', [10, 10]), ['a', 'x']);
    driver.loadEnds('a', 't');
    driver.declare(aModel('a', { config: '{}' }));
    driver.pass(20_000);
    driver.resolve('x');
    driver.pass(2_000);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
  });
});
