import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('a request for which no place is in sight', () => {
  it('is told the time of a load, however long it would have waited', () => {
    const driver = new CoreDriver()
      .declare(aModel('kept', { gpuBytes: 8, minCopies: 1 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['kept', 'x'])
      .loadsTake('x', 8_000);
    driver.loadEnds('kept', 't');
    driver.pass(1_000);
    expect(driver.refusalOf(driver.resolve('x', { wait: 60_000 }))).toEqual({
      reason: 'no_capacity',
      retryAfter: 8_000,
    });
  });
});
