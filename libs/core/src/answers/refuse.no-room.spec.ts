import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../fleet/model.js';

const SHORT_OF = { gpuBytes: 10 };

const unplaced = (parts: Partial<Model> = {}): CoreDriver =>
  new CoreDriver()
    .declare(aModel('a', SHORT_OF), aModel('b', { ...SHORT_OF, ...parts }))
    .serve(aServer('t', [10]), ['a', 'b'])
    .warm('a', 't');

describe('a request that finds no room', () => {
  it('is refused at once where a lease outlasts the wait', () => {
    const driver = unplaced();
    driver.resolve('a', { lease: 600_000 });
    expect(driver.answerTo(driver.resolve('b', { wait: 60_000 }))).toBe('no_capacity');
  });

  it('is refused at once where only what it needs itself could leave', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 4 }),
        aModel('k', { gpuBytes: 4 }),
        aModel('p', { gpuBytes: 4, dependsOn: [aModel('q').id] }),
      )
      .serve(aServer('t', [10]), ['k', 'p', 'q'])
      .warm('q', 't')
      .warm('k', 't');
    driver.pass(20_000);
    driver.resolve('k', { lease: 600_000 });
    expect(driver.answerTo(driver.resolve('p', { wait: 60_000 }))).toBe('no_capacity');
  });

  it('is refused at once where what stands in its way is needed by what a lease holds', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('q', { gpuBytes: 8 }),
        aModel('p', { gpuBytes: 0, dependsOn: [aModel('q').id] }),
        aModel('x', { gpuBytes: 8 }),
      )
      .serve(aServer('t', [10]), ['x', 'p', 'q'])
      .warm('q', 't')
      .warm('p', 't');
    driver.resolve('p', { lease: 600_000 });
    expect(driver.answerTo(driver.resolve('x', { wait: 60_000 }))).toBe('no_capacity');
  });

  it('is refused at once where only a copy on its way to its pin could leave', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8, pinnedCopies: 1 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['a', 'x']);
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
  });

  it('and would not wait is told so, and when there could be room', () => {
    const driver = unplaced().loadsTake('a', 20_000).loadsTake('b', 5_000);
    expect(driver.refusalOf(driver.resolve('b', { wait: 0 }))).toEqual({
      reason: 'no_capacity',
      retryAfter: 10_000,
    });
    driver.pass(11_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('for a second copy is no reason to refuse requests that wait for the first', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { pinnedCopies: 2 }), aModel('k', SHORT_OF))
      .serve(aServer('u', [10]), ['k', 'a']);
    driver.declare(aModel('a'));
    driver.loadEnds('a', 'u');
    driver.pass(400_000);
    driver.declare(aModel('k', { ...SHORT_OF, pinnedCopies: 1 }));
    driver.loadEnds('k', 'u');
    driver.serve(aServer('t', [10]), ['a']);
    driver.declare(aModel('a', { pinnedCopies: 2 }));
    expect(driver.answerTo(driver.resolve('a'))).toBe('waiting');
    expect(driver.isLoading('a', 't')).toBe(true);
  });
});

describe('a model for which no request may wait', () => {
  it('is loaded all the same', () => {
    const coldStart = { policy: 'queue', maxQueue: 9, maxWait: 0, loadWhenShed: true } as const;
    const driver = new CoreDriver().declare(aModel('a', { coldStart })).serve(aServer('t'), ['a']);
    expect(driver.answerTo(driver.resolve('a', { wait: 0 }))).toBe('loading');
    driver.loadEnds('a', 't');
    expect(driver.answerTo(driver.resolve('a', { wait: 0 }))).toBe('t');
  });
});

describe('a set of victims', () => {
  it('counts a replica once that leaves for itself and with what it needs', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('k', { gpuBytes: 2, minResidency: 60_000 }),
        aModel('p', { gpuBytes: 2, dependsOn: [aModel('q').id] }),
        aModel('q', { gpuBytes: 4 }),
        aModel('x', { gpuBytes: 9 }),
      )
      .serve(aServer('t', [10]), ['k', 'p', 'q', 'x'])
      .warm('k', 't');
    driver.resolve('p');
    driver.loadEnds('q', 't');
    driver.loadEnds('p', 't');
    driver.pass(20_000);
    driver.resolve('x', { wait: 20_000 });
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load k@t', 'load q@t', 'load p@t']);
  });
});

describe('a server that is only down', () => {
  it('makes nothing infeasible: the copy there may keep the pin again', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8, pinnedCopies: 2 }), aModel('b', { gpuBytes: 8 }))
      .serve(aServer('u', [10]), ['a'])
      .serve(aServer('t', [10]), ['a', 'b']);
    driver.loadEnds('a', 'u');
    driver.loadEnds('a', 't');
    driver.declare(aModel('a', { gpuBytes: 8, pinnedCopies: 1 }));
    driver.tell({ kind: 'ContactChanged', server: aServer('u').id, fact: 'ended' });
    expect(driver.answerTo(driver.resolve('b'))).toBe('no_capacity');
  });
});

describe('a model that is listed no more and held nowhere', () => {
  it('takes its past with it', () => {
    const driver = new CoreDriver().serve(aServer('t'), ['x']).warm('x', 't');
    driver.pass(400_000);
    driver.resolve('x', { wait: 5 });
    driver.loadEnds('x', 't', 'transient');
    driver.pass(10_000);
    driver.shelf('t').states.clear();
    driver.pass(10_000);
    const { cooldowns, lastUnloads, loadTimes, models } = driver.fleet;
    expect([cooldowns.size, lastUnloads.size, loadTimes.size, models.size]).toEqual([0, 0, 0, 0]);
    expect(driver.fleet.servers.get(aServer('t').id)!.loadTimes.size).toBe(0);
  });
});
