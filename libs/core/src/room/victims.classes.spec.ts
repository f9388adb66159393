import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Class } from '../fleet/model.js';

/** A GPU of 10 with a warm model of 8 of some class, unused for a minute; `x` needs 8. */
const oneWarm = (its: Class, own: Class = 'default', loadWhenShed = false): CoreDriver => {
  const coldStart = { ...aModel('x').coldStart, loadWhenShed };
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 8, class: its }), aModel('x', { gpuBytes: 8, class: own, coldStart }))
    .serve(aServer('s', [10]), ['a', 'x'])
    .warm('a', 's');
  driver.pass(60_000);
  return driver;
};

describe('a newcomer', () => {
  it.each<[Class, Class, boolean]>([
    ['critical', 'critical', true],
    ['critical', 'default', true],
    ['critical', 'sheddable', true],
    ['default', 'critical', true],
    ['default', 'default', true],
    ['default', 'sheddable', true],
    ['sheddable', 'sheddable', true],
  ])('of what is idle and %s, asked for as %s: makes it leave? %s', (its, asked, isSo) => {
    const driver = oneWarm(its);
    expect(driver.answerTo(driver.resolve('x', { class: asked }))).toBe('waiting');
    driver.pass(5_000);
    expect(driver.orders().includes('unload a@s')).toBe(isSo);
  });

  it.each<[Class, boolean]>([
    ['default', true],
    ['critical', false],
  ])('that only best-effort demand wants counts by its model; what is %s leaves for it? %s', (its, isSo) => {
    const driver = oneWarm(its, 'default', true);
    driver.resolve('x', { class: 'sheddable', wait: 0 });
    driver.pass(5_000);
    expect(driver.orders().slice(1)).toEqual(isSo ? ['unload a@s', 'load x@s'] : []);
  });

  it('counts by its model where no waiting request is of a higher class', () => {
    const driver = oneWarm('default', 'sheddable');
    driver.resolve('a', { lease: 4_000 });
    expect(driver.answerTo(driver.resolve('x'))).toBe('deadline_unreachable');
    driver.resolve('x', { class: 'critical' });
    driver.pass(5_000);
    expect(driver.orders()).toContain('unload a@s');
  });

  it('is told at once where what outranks it is in use: nobody is promised what may be used again', () => {
    const driver = oneWarm('critical');
    driver.resolve('a', { lease: 20_000 });
    const hasty = driver.resolve('x', { wait: 10_000 });
    expect(driver.refusalOf(hasty)).toMatchObject({ reason: 'no_capacity' });
    const patient = driver.resolve('x', { wait: 60_000 });
    expect(driver.refusalOf(patient)).toMatchObject({ reason: 'deadline_unreachable' });
    driver.pass(20_000);
    expect(driver.answerTo(driver.resolve('x', { wait: 60_000 }))).toBe('waiting');
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });

  it('waits without a promise for the end of what outranks it, where no load of it was ever seen', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8, class: 'critical' }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('s', [10], { strangers: 'adopt' }), ['a', 'x']);
    driver.shelf('s').set('a', 'READY');
    driver.pass(10_000);
    driver.resolve('a', { lease: 30_000 });
    expect(driver.answerTo(driver.resolve('x', { wait: 60_000 }))).toBe('waiting');
    driver.pass(29_000);
    expect(driver.orders()).toEqual([]);
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['unload a@s', 'load x@s']);
  });

  it('starving drains what is in use of its own class, and never what outranks it', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('a', { gpuBytes: 5, class: 'critical', idleUnload: 70_000 }),
        aModel('b', { gpuBytes: 5 }),
        aModel('x', { gpuBytes: 5 }),
        aModel('y', { gpuBytes: 5 }),
      )
      .serve(aServer('s', [10]), ['a', 'b', 'x', 'y'])
      .warm('a', 's')
      .warm('b', 's');
    driver.resolve('b', { lease: 40_000 });
    driver.resolve('a', { lease: 100_000 });
    for (const model of ['x', 'y']) driver.resolve(model, { wait: 120_000 });
    driver.pass(29_000);
    expect(driver.phase('b', 's')).toBe('ready');
    driver.pass(1_000);
    expect(driver.phase('b', 's')).toBe('draining');
    expect(driver.phase('a', 's')).toBe('ready');
  });
});

describe('models that lack a place', () => {
  it('come by class, whichever was first', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8 }), aModel('x', { gpuBytes: 8 }), aModel('y', { gpuBytes: 8 }))
      .serve(aServer('s', [10]), ['a', 'x', 'y'])
      .warm('a', 's');
    driver.resolve('x');
    driver.pass(1);
    driver.resolve('y', { class: 'critical' });
    driver.pass(15_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load y@s']);
  });

  it('come after pins, for which whatever is not pinned leaves', () => {
    const driver = oneWarm('critical');
    driver.declare(aModel('x', { gpuBytes: 8, class: 'sheddable', pinnedCopies: 1 }));
    driver.pass(5_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });
});

describe('replicas that make room', () => {
  it('go by class first, then by use', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('old', { class: 'critical' }),
        aModel('mid'),
        aModel('new', { class: 'sheddable' }),
        aModel('x', { class: 'critical' }),
      )
      .serve(aServer('s', [12]), ['old', 'mid', 'new', 'x']);
    for (const model of ['old', 'mid', 'new']) {
      driver.warm(model, 's');
      driver.pass(1_000);
    }
    driver.pass(30_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders().slice(3)).toEqual(['unload new@s', 'load x@s']);
  });

  it('are copies whose model stays warm elsewhere before only ones that were not used for longer', () => {
    const driver = new CoreDriver()
      .declare(aModel('two', { pinnedCopies: 2 }), aModel('one'), aModel('x'))
      .serve(aServer('s', [8]), ['two', 'one', 'x'])
      .serve(aServer('t', [4]), ['two']);
    driver.loadEnds('two', 's');
    driver.loadEnds('two', 't');
    driver.warm('one', 's').declare(aModel('two'));
    driver.pass(20_000);
    driver.resolve('two');
    driver.pass(20_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders().slice(3)).toEqual(['unload two@s', 'load x@s']);
  });

  it('are copies that are kept warm for a higher class alone', () => {
    const kept = (asked: Class): string[] => {
      const driver = new CoreDriver()
        .declare(aModel('a', { gpuBytes: 8, minCopies: 1, idleUnload: null }), aModel('x', { gpuBytes: 8 }))
        .serve(aServer('s', [10]), ['a', 'x']);
      driver.warm('a', 's');
      driver.pass(60_000);
      const request = driver.resolve('x', { class: asked });
      expect(driver.answerTo(request)).toBe(asked === 'default' ? 'no_capacity' : 'waiting');
      driver.pass(40_000);
      return driver.orders().slice(1);
    };
    expect(kept('default')).toEqual([]);
    expect(kept('critical')).toEqual(['unload a@s', 'load x@s']);
  });
});

describe('what came back after it had left for a lower class', () => {
  /** `a` leaves for a sheddable request, and comes back after a while. */
  const cameBack = (after: number): CoreDriver => {
    const driver = oneWarm('critical', 'sheddable');
    driver.warm('x', 's').pass(after);
    driver.warm('a', 's').pass(60_000);
    return driver;
  };

  it('stays for its whole idle time, if that was soon', () => {
    const driver = cameBack(200_000);
    driver.pass(100_000);
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
    expect(driver.phase('a', 's')).toBe('ready');
    expect(driver.answerTo(driver.resolve('x', { class: 'critical' }))).toBe('waiting');
  });

  it('leaves again ten minutes later', () => {
    const driver = cameBack(650_000);
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
    driver.pass(5_000);
    expect(driver.phase('x', 's')).toBe('loading');
  });
});
