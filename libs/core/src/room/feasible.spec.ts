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

  it('is judged anew at once where what it needs has to leave its device for another', () => {
    const q = aModel('q', { gpuBytes: 6, config: '{}' });
    const s = aModel('s', { gpuBytes: 6, config: '{}' });
    const driver = new CoreDriver()
      .declare(q, s, aModel('p', { gpuBytes: 1, config: '{}', dependsOn: [q.id, s.id] }))
      .declare(aModel('z', { gpuBytes: 8, config: '{}' }))
      .declare(aModel('y', { gpuBytes: 8, config: '{}', minResidency: 30_000 }))
      .serve(aServer('t', [10, 10]), ['q', 's', 'p', 'y', 'z'])
      .warm('q', 't');
    driver.pass(15_000);
    driver.warm('y', 't').unloadsTake('t', 1_000);
    const request = driver.resolve('p');
    expect(driver.answerTo(request)).toBe('waiting');
    driver.resolve('z');
    expect(driver.orders().at(-1)).toBe('unload q@t');
    expect(driver.answerTo(request)).toBe('infeasible');
  });

  it('is judged beside the older of two copies of which one is pinned: the younger one makes room', () => {
    const p = aModel('p', { gpuBytes: 5 });
    const driver = new CoreDriver()
      .declare({ ...p, pinnedCopies: 2 }, aModel('x', { gpuBytes: 8 }), aModel('z', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['p', 'x'])
      .serve(aServer('u', [10]), ['p', 'z']);
    driver.loadEnds('p', 't');
    driver.loadEnds('p', 'u');
    driver.declare({ ...p, pinnedCopies: 1 });
    driver.pass(15_000);
    expect(driver.answerTo(driver.resolve('x'))).toBe('infeasible');
    driver.resolve('z');
    driver.pass(2_000);
    expect(driver.orders().slice(-2)).toEqual(['unload p@u', 'load z@u']);
  });
});
