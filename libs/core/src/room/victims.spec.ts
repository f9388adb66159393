import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../fleet/model.js';

const A = aModel('a').id;
const LARGE = { gpuBytes: 8 };
const Q = aModel('q').id;
const U = aServer('u').id;

/** `a` fills the only server, and is not used any more; `x` has room only where it leaves. */
function filledBy(parts: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { ...LARGE, ...parts }), aModel('x', LARGE))
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

  it('that has requests queued inside Triton, before these had time to be answered', () => {
    const driver = filledBy();
    driver.shelf('t').pending.set(A, 1);
    driver.pass(2_000);
    driver.resolve('x', { wait: 120_000 });
    driver.pass(4_000);
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'load x@t']);
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

  it('before it is ready, though the newcomer starves', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', LARGE), aModel('x', LARGE))
      .serve(aServer('t', [10]), ['a', 'x']);
    driver.resolve('a', { wait: 0 });
    driver.resolve('x', { wait: 120_000 });
    driver.pass(50_000);
    expect([driver.phase('a', 't'), driver.orders()]).toEqual(['loading', ['load a@t']]);
  });

  it('that something needs which is in use', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'), aModel('p', { gpuBytes: 2, dependsOn: [Q] }), aModel('x', LARGE))
      .serve(aServer('t', [10]), ['p', 'q', 'x']);
    driver.resolve('p', { lease: 600_000 });
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    driver.pass(20_000);
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
    expect([driver.phase('q', 't'), driver.phase('p', 't')]).toEqual(['ready', 'ready']);
  });

  it('together with another, where both copies of a pinned model would go with them', () => {
    const host = { host: 'node', hostMemory: 8 };
    const names = ['q', 'p', 'x'];
    const p = aModel('p', { gpuBytes: 1, hostBytes: 1, dependsOn: [Q] });
    const driver = new CoreDriver()
      .declare(aModel('q', { gpuBytes: 1, hostBytes: 3 }), { ...p, pinnedCopies: 2 })
      .declare(aModel('x', { gpuBytes: 1, hostBytes: 8 }))
      .serve(aServer('t', [10], host), names)
      .serve(aServer('u', [10], host), names);
    for (const model of ['q', 'p']) for (const server of ['t', 'u']) driver.loadEnds(model, server);
    driver.declare({ ...p, pinnedCopies: 1 });
    driver.pass(20_000);
    driver.resolve('x');
    driver.pass(2_000);
    expect(driver.orders()).toHaveLength(4);
  });

  it('that is pinned, while another place is only in use: that copy drains, and its lease is honoured', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { ...LARGE, pinnedCopies: 1 }), aModel('b', LARGE), aModel('x', LARGE))
      .serve(aServer('t', [10]), ['a', 'x'])
      .serve(aServer('u', [10]), ['b', 'x']);
    driver.loadEnds('a', 't');
    driver.warm('b', 'u');
    driver.pass(20_000);
    driver.resolve('b', { lease: 20_000 });
    driver.resolve('x');
    driver.pass(19_000);
    expect([driver.phase('a', 't'), driver.phase('b', 'u')]).toEqual(['ready', 'draining']);
    driver.pass(2_000);
    expect(driver.orders().slice(2)).toEqual(['unload b@u', 'load x@u']);
  });
});

describe('a newcomer that needs two devices', () => {
  it('drains nothing on the one where nothing may leave the other', () => {
    const ofChoice = { ...LARGE, config: '{}' };
    const driver = new CoreDriver()
      .declare(aModel('a', ofChoice), aModel('b', ofChoice), aModel('x', LARGE))
      .serve(aServer('t', [10, 10]), ['a', 'b', 'x'])
      .warm('a', 't')
      .warm('b', 't');
    driver.pass(20_000);
    driver.resolve('b', { lease: 600_000 });
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
    expect(driver.orders()).toEqual(['load a@t', 'load b@t']);
  });
});

describe('an undeclared model', () => {
  it('makes room like any other where strangers are adopted', () => {
    const driver = new CoreDriver()
      .declare(aModel('x', LARGE))
      .serve(aServer('t', [10], { discover: false, strangers: 'adopt' }), ['a', 'x']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(40_000);
    driver.resolve('x');
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['unload a@t', 'load x@t']);
  });
});

describe('what leaves with all that needs it', () => {
  it('was used when the last of them was', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'), aModel('p', { gpuBytes: 2, dependsOn: [Q] }), aModel('r'), aModel('x'))
      .serve(aServer('t', [10]), ['p', 'q', 'r', 'x']);
    driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    driver.pass(10_000);
    driver.warm('r', 't');
    driver.pass(10_000);
    driver.resolve('p');
    driver.pass(20_000);
    driver.resolve('x');
    driver.pass(2_000);
    expect(driver.orders().slice(3)).toEqual(['unload r@t', 'load x@t']);
  });
});
