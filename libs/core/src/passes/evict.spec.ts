import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('of replicas used at the same moment', () => {
  it('one goes alone before one that something else needs', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 4 }),
        aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id] }),
        aModel('x', { gpuBytes: 4 }),
      )
      .serve(aServer('t', [8], { strangers: 'adopt' }), ['q', 'p', 'x']);
    driver.shelf('t').set('q', 'READY');
    driver.shelf('t').set('p', 'READY');
    driver.pass(60_000);
    driver.resolve('x');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['unload p@t', 'load x@t']);
  });
});
