import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Class } from '../fleet/model.js';

describe('a request for which room may open', () => {
  it('is refused in the turn in which a load begins that will not go before the deadline', () => {
    const driver = new CoreDriver()
      .declare(aModel('first', { gpuBytes: 2 }), aModel('next', { minResidency: 10_000 }))
      .declare(aModel('large', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['first', 'next', 'large']);
    driver.resolve('first', { lease: 0 });
    driver.resolve('next');
    const request = driver.resolve('large', { wait: 12_000 });
    expect([driver.phase('next', 't'), driver.answerTo(request)]).toEqual(['placed', 'waiting']);
    driver.pass(5_000);
    driver.loadEnds('first', 't');
    expect([driver.phase('next', 't'), driver.answerTo(request)]).toEqual(['loading', 'no_capacity']);
  });

  it('is refused in the turn in which another takes the room that was still being asked for', () => {
    const driver = new CoreDriver()
      .declare(aModel('victim'), aModel('large', { gpuBytes: 8 }), aModel('small', { minResidency: 60_000 }))
      .serve(aServer('t', [10]), ['victim', 'large', 'small'])
      .warm('victim', 't');
    driver.pass(11_000);
    driver.fleet.servers.get(aServer('t').id)!.looking = 'full';
    const request = driver.resolve('large', { wait: 20_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.resolve('small');
    expect([driver.phase('small', 't'), driver.answerTo(request)]).toEqual(['loading', 'no_capacity']);
  });

  it('is refused in the turn in which its place is lost to a pin that has grown', () => {
    const driver = new CoreDriver()
      .declare(aModel('pinned'), aModel('victim', { gpuBytes: 6 }), aModel('next', { gpuBytes: 6 }))
      .serve(aServer('t', [10]), ['pinned', 'victim', 'next'])
      .warm('pinned', 't')
      .warm('victim', 't');
    driver.pass(11_000);
    driver.unloadsEnd = false;
    const request = driver.resolve('next');
    driver.pass(2_000);
    expect([driver.phase('next', 't'), driver.answerTo(request)]).toEqual(['placed', 'waiting']);
    driver.declare(aModel('pinned', { gpuBytes: 5, pinnedCopies: 1 }));
    expect([driver.phase('next', 't'), driver.answerTo(request)]).toEqual([undefined, 'infeasible']);
  });
});

describe('a request that waits beside one of a higher class', () => {
  /** A GPU of 10 with a leased model of 8, which leaves for a higher class alone; `x` needs 8, too. */
  const keptFrom = (own: Class = 'default'): CoreDriver => {
    const kept = aModel('kept', { gpuBytes: 8, minCopies: 1, idleUnload: null });
    const driver = new CoreDriver()
      .declare(kept, aModel('x', { gpuBytes: 8, class: own }))
      .serve(aServer('t', [10]), ['kept', 'x'])
      .warm('kept', 't');
    driver.pass(20_000);
    driver.resolve('kept', { lease: 5_000 });
    return driver;
  };

  it('waits for what leaves for that one, for as long as one such can wait for it', () => {
    const driver = keptFrom();
    const hasty = driver.resolve('x', { class: 'critical', wait: 10_000 });
    const other = driver.resolve('x', { class: 'critical', wait: 60_000 });
    const lesser = driver.resolve('x', { wait: 60_000 });
    driver.resolve('kept', { lease: 30_000 });
    expect([hasty, other, lesser].map((one) => driver.answerTo(one))).toEqual([
      'no_capacity',
      'waiting',
      'waiting',
    ]);
    driver.pass(40_000);
    driver.loadEnds('x', 't');
    expect(driver.answerTo(lesser)).toBe('t');
  });

  it('is refused in the turn in which that one is, where no copy leaves for it alone', () => {
    const driver = keptFrom();
    const hasty = driver.resolve('x', { class: 'critical', wait: 10_000 });
    const lesser = driver.resolve('x', { wait: 60_000 });
    expect([hasty, lesser].map((one) => driver.answerTo(one))).toEqual(['waiting', 'waiting']);
    driver.resolve('kept', { lease: 30_000 });
    expect([hasty, lesser].map((one) => driver.refusalOf(one))).toMatchObject([
      { reason: 'no_capacity', retryAfter: 30_000 },
      { reason: 'no_capacity', retryAfter: Infinity },
    ]);
  });

  it('is no worse off for a wish, nor the wish for it', () => {
    const driver = keptFrom('critical');
    driver.tell({ kind: 'LoadOrdered', model: aModel('x').id, until: driver.now + 60_000 });
    const lesser = driver.resolve('x', { class: 'sheddable', wait: 60_000 });
    expect(driver.answerTo(lesser)).toBe('waiting');
    driver.pass(20_000);
    driver.loadEnds('x', 't');
    expect(driver.answerTo(lesser)).toBe('t');
  });
});
