import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { hostMemories, hostMemoryOf, memoryOf } from '../index.js';

const HOST = { host: 'h', hostMemory: 10 } as const;

describe('the memory of a host', () => {
  it('is one for all of its servers, with what is held and promised there', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { hostBytes: 3 }), aModel('b', { hostBytes: 2, gpuBytes: 9 }))
      .serve(aServer('s', [10], HOST), ['a'])
      .serve(aServer('t', [10], { ...HOST, hostMemory: null }), ['b', 'x'])
      .declare(aModel('x', { hostBytes: 1, gpuBytes: 9 }))
      .warm('x', 't')
      .warm('a', 's');
    driver.resolve('x', { lease: 60_000 });
    driver.pass(20_000);
    const { fleet } = driver;
    const known = { host: 'h', capacity: 10, held: 4, promised: 0, free: 6, basis: 'declared' };
    expect(hostMemories(fleet, memoryOf(fleet))).toEqual([known]);
    expect(hostMemoryOf(fleet, 'h', memoryOf(fleet))).toEqual(known);
  });

  it('is as the metrics tell of a server without any GPU, where it was not declared', () => {
    const driver = new CoreDriver().serve(aServer('c', [], { devices: null }), []);
    const found = hostMemories(driver.fleet, memoryOf(driver.fleet));
    expect(found).toMatchObject([{ host: 'c', held: 0, basis: 'found' }]);
  });

  it('is not told where it is not enforced', () => {
    const { fleet } = new CoreDriver().serve(aServer('s'), []);
    expect(hostMemories(fleet, memoryOf(fleet))).toEqual([]);
    expect(hostMemoryOf(fleet, 's', memoryOf(fleet))).toBeNull();
  });
});
