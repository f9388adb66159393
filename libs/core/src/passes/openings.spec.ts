import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('somebody for whom room may open', () => {
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
