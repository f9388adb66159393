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
    ['critical', 'default', false],
    ['critical', 'sheddable', false],
    ['default', 'critical', true],
    ['default', 'default', true],
    ['default', 'sheddable', false],
    ['sheddable', 'sheddable', true],
  ])('of what is %s, asked for as %s: makes it leave? %s', (its, asked, isSo) => {
    const driver = oneWarm(its);
    driver.resolve('x', { class: asked });
    driver.pass(5_000);
    expect(driver.orders().includes('unload a@s')).toBe(isSo);
  });

  it('that a refused request only wishes for counts by its model, whatever the class of the request', () => {
    const driver = oneWarm('default', 'default', true);
    expect(driver.answerTo(driver.resolve('x', { class: 'sheddable' }))).toBe('no_capacity');
    driver.pass(5_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });

  it('counts by its model where no waiting request is of a higher class', () => {
    const driver = oneWarm('default', 'sheddable');
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
    driver.resolve('x', { class: 'default' });
    driver.pass(5_000);
    expect(driver.orders()).toContain('unload a@s');
  });

  it('is told at once where what outranks it stands in its way: nobody is promised what may be used again', () => {
    const driver = oneWarm('critical');
    driver.pass(200_000);
    const hasty = driver.resolve('x', { wait: 10_000 });
    expect(driver.refusalOf(hasty)).toMatchObject({ reason: 'no_capacity' });
    const patient = driver.resolve('x', { wait: 60_000 });
    expect(driver.refusalOf(patient)).toMatchObject({ reason: 'deadline_unreachable' });
  });

  it('waits without a promise for the end of what outranks it, where no load of it was ever seen', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8, class: 'critical' }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('s', [10], { strangers: 'adopt' }), ['a', 'x']);
    driver.shelf('s').set('a', 'READY');
    driver.pass(270_000);
    expect(driver.answerTo(driver.resolve('x', { wait: 60_000 }))).toBe('waiting');
    driver.pass(50_000);
    expect(driver.orders()).toEqual(['unload a@s', 'load x@s']);
    expect(driver.fleet.lastUnloads.get(aModel('a').id)).toMatchObject({ cause: 'idle' });
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
    for (const model of ['b', 'a']) driver.resolve(model, { lease: 40_000 });
    for (const model of ['x', 'y']) driver.resolve(model, { wait: 120_000 });
    driver.pass(30_000);
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
