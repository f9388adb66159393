import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('whether a model can ever fit', () => {
  it('counts what it needs once, where that is pinned there already', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 6, pinnedCopies: 1 }),
        aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id] }),
      )
      .serve(aServer('t', [10]), ['p', 'q']);
    driver.loadEnds('q', 't');
    const request = driver.resolve('p');
    driver.loadEnds('p', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('takes what a pinned model needs to stay with it', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 6 }),
        aModel('p', { gpuBytes: 2, dependsOn: [aModel('q').id], pinnedCopies: 1 }),
        aModel('x', { gpuBytes: 6 }),
      )
      .serve(aServer('t', [10]), ['p', 'q', 'x']);
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    expect(driver.answerTo(driver.resolve('x'))).toBe('infeasible');
  });

  it('leaves what it needs where that is, on the other device', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 3, config: '{}' }),
        aModel('p', { gpuBytes: 9, config: '{}', dependsOn: [aModel('q').id] }),
      )
      .serve(aServer('t', [10, 5]), ['p', 'q'])
      .warm('q', 't');
    driver.resolve('p');
    expect(driver.isLoading('p', 't')).toBe(true);
  });

  it('does not mind a device that holds too much of what it needs, and that it does not need itself', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 9, config: '{}' }),
        aModel('p', { gpuBytes: 8, config: '{}', dependsOn: [aModel('q').id] }),
      )
      .serve(aServer('t', [10, 10]), ['p', 'q'])
      .warm('q', 't');
    driver.declare(aModel('q', { gpuBytes: 11, config: '{}' }));
    driver.resolve('p');
    expect(driver.isLoading('p', 't')).toBe(true);
  });
});
