import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { RequestId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';

const A = aModel('a').id;
const PINNED = { pinnedCopies: 1 };

/** Two servers of 10 that hold 4 each: t the model `a`, which both list, and u what may be nowhere else. */
function halfFull(a: Partial<Model> = PINNED, minute = 61_000): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 4, ...a }), aModel('b', { gpuBytes: 4, pinnedCopies: 1 }))
    .declare(aModel('x', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['a', 'x']);
  if (driver.isLoading('a', 't')) driver.loadEnds('a', 't');
  else driver.warm('a', 't');
  driver.serve(aServer('u', [10]), ['a', 'b', 'x']);
  driver.loadEnds('b', 'u');
  driver.pass(minute);
  return driver;
}

const ordersSince = (driver: CoreDriver): string[] => driver.orders().slice(2);

describe('a copy in the way that may not leave', () => {
  it.each<{ why: string; parts: Partial<Model> }>([
    { why: 'since it is pinned', parts: PINNED },
    { why: 'since it is kept warm', parts: { minCopies: 1 } },
    { why: 'for what is of a lower class', parts: { class: 'critical' } },
  ])('$why is loaded elsewhere, and then it leaves', ({ parts }) => {
    const driver = halfFull(parts);
    const request = driver.resolve('x');
    expect(ordersSince(driver)).toEqual(['load a@u']);
    expect(driver.answerTo(request)).toBe('waiting');
    expect(driver.answerTo(driver.resolve('a', { lease: 0 }))).toBe('t');
    driver.loadEnds('a', 'u');
    driver.pass(5_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('u');
    driver.loadEnds('x', 't');
    expect(driver.answerTo(request)).toBe('t');
    expect(ordersSince(driver)).toEqual(['load a@u', 'unload a@t', 'load x@t']);
    driver.pass(5_000);
    expect(driver.fleet.moves.size).toBe(0);
  });

  it('keeps its memory until the last lease on it has ended', () => {
    const driver = halfFull();
    driver.resolve('a', { lease: 40_000 });
    const request = driver.resolve('x');
    driver.loadEnds('a', 'u');
    driver.pass(30_000);
    expect(driver.phase('a', 't')).toBe('draining');
    driver.pass(15_000);
    driver.loadEnds('x', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('is not told to leave as long as its device is closed', () => {
    const driver = halfFull();
    driver.declare(aModel('c', { gpuBytes: 1 }));
    driver.shelf('t').set('c', '');
    driver.shelf('t').gpus = [{ uuid: 't-0', memory: 10, used: 0 }];
    driver.pass(30_000);
    const request = driver.resolve('x');
    driver.resolve('c', { wait: 1_000 });
    driver.loadEnds('c', 't', 'capacity');
    driver.loadEnds('a', 'u');
    driver.pass(2_999);
    expect([driver.phase('a', 't'), driver.answerTo(request)]).toEqual(['ready', 'waiting']);
    driver.pass(10_000);
    expect(ordersSince(driver)).toEqual(['load a@u', 'load c@t', 'unload a@t', 'load x@t']);
  });

  it('is not let go where its other copy does not come up', () => {
    const driver = halfFull();
    const request = driver.resolve('x');
    driver.loadEnds('a', 'u', 'capacity');
    driver.pass(5_000);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.answerTo(request)).toBe('no_capacity');
    expect(driver.fleet.moves.size).toBe(0);
  });

  it('stays where no request waits any more, and one of the two goes as what is idle does', () => {
    const driver = halfFull();
    const request = driver.resolve('x');
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect(driver.fleet.moves.size).toBe(0);
    driver.loadEnds('a', 'u');
    driver.pass(10_000);
    expect([driver.phase('a', 't'), driver.phase('a', 'u')]).toEqual(['ready', 'ready']);
    driver.pass(600_000);
    expect([driver.phase('a', 't'), driver.phase('a', 'u')].filter((one) => one === 'ready')).toHaveLength(1);
  });

  it('is not moved in its first minute', () => {
    const driver = halfFull(PINNED, 30_000);
    expect(driver.answerTo(driver.resolve('x'))).toBe('no_capacity');
    expect(ordersSince(driver)).toEqual([]);
  });

  it('is not moved where the other server has no room for it either', () => {
    const driver = halfFull();
    driver.declare(aModel('c', { gpuBytes: 4, pinnedCopies: 1, require: {} }));
    driver.shelf('u').set('c', '');
    driver.pass(11_000);
    driver.loadEnds('c', 'u');
    expect(driver.answerTo(driver.resolve('x'))).toBe('infeasible');
  });
});

describe('a copy that may leave', () => {
  it('is evicted where it was not used for a minute', () => {
    const driver = halfFull({});
    driver.resolve('x');
    driver.pass(1_000);
    expect(ordersSince(driver)).toEqual(['unload a@t', 'load x@t']);
  });

  it('is evicted all the same where it was used just now', () => {
    const driver = halfFull({});
    driver.resolve('a', { lease: 0 });
    driver.resolve('x');
    driver.pass(1_000);
    expect(ordersSince(driver)).toEqual(['unload a@t', 'load x@t']);
  });
});

describe('a copy that is worth more than what a request waits for', () => {
  /** Both models take 10 s to load. A request for `x` has to wait for some 20 s until it is worth as much as `a`. */
  function muchUsed(): CoreDriver {
    const driver = halfFull({}).loadsTake('a', 10_000).loadsTake('x', 10_000);
    for (let used = 0; used < 10; used += 1) driver.resolve('a', { lease: 0 });
    return driver;
  }

  it('is evicted then, where that is in time', () => {
    const driver = muchUsed();
    driver.resolve('x', { wait: 45_000 });
    driver.pass(10_000);
    expect(ordersSince(driver)).toEqual([]);
    driver.pass(15_000);
    expect(ordersSince(driver)).toEqual(['unload a@t', 'load x@t']);
  });

  it('is moved at once where only a move is in time', () => {
    const driver = muchUsed();
    driver.resolve('x', { wait: 25_000 });
    expect(ordersSince(driver)).toEqual(['load a@u']);
  });

  it('stays where neither is in time', () => {
    const driver = muchUsed();
    expect(driver.answerTo(driver.resolve('x', { wait: 15_000 }))).toBe('deadline_unreachable');
    driver.pass(10_000);
    expect(ordersSince(driver)).toEqual([]);
  });
});

describe('a request that waits for a move', () => {
  it('is told how long it should take, with the load of the other copy and the leases', () => {
    const driver = halfFull();
    driver.loadsTake('a', 7_000).loadsTake('x', 10_000);
    const refusal = driver.refusalOf(driver.resolve('x', { wait: 0 }));
    expect(refusal).toMatchObject({ reason: 'loading', phase: 'waiting', eta: 28_000 });
    driver.resolve('a', { lease: 50_000 });
    expect(driver.refusalOf(driver.resolve('x', { wait: 0 }))).toMatchObject({ eta: 68_000 });
  });

  it('is refused where it would take too long, and nothing is moved for it', () => {
    const driver = halfFull();
    const { coldStart } = aModel('x');
    driver.declare(aModel('x', { gpuBytes: 8, coldStart: { ...coldStart, loadWhenShed: false } }));
    driver.loadsTake('a', 7_000).loadsTake('x', 10_000);
    const request = driver.resolve('x', { wait: 15_749 });
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'no_capacity', retryAfter: 28_000 - 15_749 });
    expect(ordersSince(driver)).toEqual([]);
  });

  it('is judged anew when it takes too long', () => {
    const driver = halfFull();
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    const request = driver.resolve('x', { wait: 600_000 });
    driver.pass(119_000);
    expect(driver.answerTo(request)).toBe('waiting');
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(2_000);
    expect(driver.answerTo(request)).toBe('no_capacity');
    expect(driver.fleet.moves.size).toBe(0);
  });

  it('is judged anew at once when a stranger takes the place of the other copy', () => {
    const driver = halfFull();
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.declare(aModel('c', { gpuBytes: 1 }), aModel('s', { gpuBytes: 4 }));
    driver.shelf('u').set('c', '');
    driver.pass(11_000);
    driver.resolve('c');
    const request = driver.resolve('x');
    expect(driver.phase('a', 'u')).toBe('placed');
    driver.shelf('u').set('s', 'LOADING');
    driver.pass(1_000);
    expect(driver.phase('a', 'u')).toBeUndefined();
    expect(driver.fleet.moves.size).toBe(0);
    expect(driver.answerTo(request)).toBe('no_capacity');
  });

  it('is judged anew at once when all copies of what moves turn out to be failing', () => {
    const driver = halfFull({ minCopies: 1 });
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.serve(aServer('w', [4]), ['a']);
    driver.declare(aModel('a', { gpuBytes: 4, minCopies: 2, onFailing: 'replace' }));
    driver.loadEnds('a', 'w');
    driver.declare(aModel('c', { gpuBytes: 1 }));
    driver.shelf('u').set('c', '');
    driver.pass(61_000);
    driver.resolve('c', { wait: 600_000 });
    driver.resolve('x', { wait: 600_000 });
    expect(driver.phase('a', 'u')).toBe('placed');
    for (const failed of [1, 4]) {
      for (const server of ['t', 'w'])
        driver.shelf(server).served.set(A, { succeeded: 0, failed, lastInference: failed });
      driver.pass(2_000);
    }
    expect(driver.phase('a', 'u')).toBeUndefined();
    expect(driver.fleet.moves.size).toBe(0);
  });

  it('is judged anew at once when the copy in the way leaves for another model: a pin gets the place elsewhere', () => {
    const driver = halfFull({ minCopies: 1 });
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.declare(aModel('c', { gpuBytes: 1 }), aModel('y', { gpuBytes: 10, class: 'critical' }));
    driver.shelf('u').set('c', '');
    driver.shelf('u').set('z', '');
    driver.shelf('t').set('y', '');
    driver.pass(11_000);
    driver.resolve('a', { lease: 0 });
    driver.pass(1_000);
    driver.resolve('c', { wait: 600_000 });
    driver.resolve('x', { wait: 600_000 });
    driver.declare(aModel('z', { gpuBytes: 3, pinnedCopies: 1 }));
    expect([driver.phase('a', 'u'), driver.phase('z', 'u')]).toEqual(['placed', undefined]);
    driver.resolve('y', { wait: 600_000 });
    driver.pass(3_000);
    expect(ordersSince(driver)).toEqual(['load c@u', 'unload a@t', 'load y@t']);
    expect(driver.phase('a', 'u')).toBeUndefined();
    expect(driver.fleet.line.get(aModel('z').id)?.server).toBe('u');
  });

  it('gets one copy moved at a time, and another model of the same two servers waits behind it', () => {
    const driver = halfFull();
    driver.declare(aModel('y', { gpuBytes: 7 }));
    driver.shelf('t').set('y', '');
    driver.pass(11_000);
    driver.resolve('x');
    expect(driver.answerTo(driver.resolve('y'))).toBe('waiting');
    expect(driver.fleet.moves.size).toBe(1);
  });
});
