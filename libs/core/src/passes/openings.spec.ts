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
});
