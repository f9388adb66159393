import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { closeAfterLoad, meterOf } from '../fleet/meter.js';
import type { Model } from '../fleet/model.js';
import { wantsNow } from '../demand/wants.js';
import { Now } from '../numbers/now.js';
import { Jobs } from './job.js';

/** A GPU of 10 with `a` of 8, warm for 40 s; `x` needs 8, and loads in 8 s. An unload takes a second. */
function aDriver(parts: Partial<Model> = {}, own: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 8, ...parts }), aModel('x', { gpuBytes: 8, ...own }))
    .serve(aServer('s', [10]), ['a', 'x'])
    .unloadsTake('s', 1_000)
    .loadsTake('x', 8_000)
    .loadsTake('a', 8_000)
    .warm('a', 's');
  driver.pass(40_000);
  return driver;
}

/** In how many seconds `x` gets its place, its load begins, and it is ready nine times of ten. */
function times({ fleet, now }: CoreDriver): number[] {
  const { placeAt, startsAt, readyAt } = fleet.line.get(aModel('x').id)!;
  return [placeAt, startsAt, readyAt.p90].map((at) => Math.round((at - now) / 100) / 10);
}

describe('a copy in its residency', () => {
  const resident = (): CoreDriver => aDriver({ minResidency: 60_000 });

  it('is told when that has ended, and may be in use by then: for that the P90 counts a lease', () => {
    const driver = resident();
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([20, 21, 39]);
    driver.pass(19_999);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.pass(2_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });

  it('is in use by then where it is now, for a usual lease, or for the longest given: then it is told a usual lease before', () => {
    const driver = resident();
    driver.resolve('a', { lease: 15_000 });
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([20, 36, 44]);
    driver.resolve('a', { lease: 50_000 });
    driver.fleet.usualLeases.set(aModel('a').id, 15_000);
    driver.tell();
    expect(times(driver)).toEqual([35, 51, 59]);
  });
});

describe('a copy without a residency', () => {
  it('that is idle is told now, and nobody can use it any more', () => {
    const driver = aDriver();
    driver.looksEnd = false;
    driver.resolve('x', { wait: 9_001 });
    expect(times(driver)).toEqual([0, 1, 9]);
  });

  it('that is in use is told now, and only the rest of its lease counts', () => {
    const driver = aDriver();
    driver.resolve('a', { lease: 25_000 });
    driver.pass(15_000);
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([0, 11, 19]);
  });

  it('that is worth too much is told for that model alone that has waited longest', () => {
    const driver = new CoreDriver().declare(...['a', 'b', 'x', 'y'].map((id) => aModel(id, { gpuBytes: 8 })));
    driver.serve(aServer('s', [10]), ['a', 'x', 'y']).serve(aServer('t', [10]), ['b', 'x', 'y']);
    for (const [model, server] of [
      ['a', 's'],
      ['b', 't'],
    ] as const) {
      driver
        .unloadsTake(server, 1_000)
        .warm(model, server)
        .fleet.requestRates.set(aModel(model).id, { sum: 99, at: driver.now });
      driver.resolve(model, { lease: 10_000 });
    }
    const [x, y] = ['x', 'y'].map((model) => driver.resolve(model, { wait: 45_000 }));
    expect([driver.answerTo(x!), driver.answerTo(y!)]).toEqual(['waiting', 'deadline_unreachable']);
    // Behind the other it is in time, and then nothing comes to be worth too much for it.
    expect(driver.answerTo(driver.resolve('y', { wait: 60_000 }))).toBe('waiting');
    const now = new Now(driver.now);
    const wants = wantsNow(driver.fleet, now);
    const jobs = wants.map((want) => new Jobs(driver.fleet, wants, now).of(want));
    expect(jobs.map((job) => [job.model, job.starvesFrom - driver.now, job.starvesAt < Infinity])).toEqual([
      ['x', 30_000, true],
      ['y', 30_000, false],
    ]);
  });

  it('that is worth too much is told when the job starves, and used until then and for a lease more', () => {
    const driver = aDriver();
    driver.fleet.requestRates.set(aModel('a').id, { sum: 99, at: driver.now });
    driver.resolve('a', { lease: 10_000 });
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([30, 41, 49]);
  });

  it('that shares its worth with another copy is weighed by its part', () => {
    const driver = aDriver().serve(aServer('t', [10]), ['a']);
    driver.declare(aModel('a', { gpuBytes: 8, pinnedCopies: 2 }));
    driver.loadEnds('a', 't');
    driver.declare(aModel('a', { gpuBytes: 8 })).loadsTake('a', 8_000);
    driver.resolve('a', { lease: 12_000, avoid: ['t'] });
    driver.fleet.requestRates.set(aModel('a').id, { sum: 3, at: driver.now });
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver).slice(0, 2)).toEqual([0, 13]);
  });

  it('that is worth as much, and idle, is told now: by the P90 it is used only where it is not told yet', () => {
    const driver = aDriver();
    driver.fleet.requestRates.set(aModel('a').id, { sum: 99, at: driver.now });
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([0, 1, 9]);
  });
});

describe('the class of a copy', () => {
  it('keeps it from a lower one while it is in use, to which nothing is promised though that ends', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8, class: 'critical' }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('s', [10], { strangers: 'adopt' }), ['a', 'x'])
      .unloadsTake('s', 1_000);
    driver.shelf('s').set('a', 'READY');
    driver.pass(10_000);
    driver.resolve('a', { lease: 10_000 });
    expect(driver.answerTo(driver.resolve('x', { wait: 60_000 }))).toBe('waiting');
    expect(times(driver)).toEqual([10, 11, Infinity]);
  });

  it('gives it to a higher one whatever it is worth, after its lease', () => {
    const driver = aDriver({ class: 'sheddable' });
    driver.fleet.requestRates.set(aModel('a').id, { sum: 99, at: driver.now });
    driver.resolve('a', { lease: 12_000 });
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([0, 13, 21]);
  });
});

describe('a copy that stays', () => {
  it.each<[string, Partial<Model>]>([
    ['a pin', { pinnedCopies: 1 }],
    ['copies.min, from its own class', { minCopies: 1 }],
  ])('for %s, stands in no curve', (_, parts) => {
    const driver = aDriver(parts);
    driver.tell({ kind: 'LoadOrdered', model: aModel('x').id, until: driver.now + 60_000 });
    expect(times(driver)).toEqual([Infinity, Infinity, Infinity]);
  });

  it('for a pin that has two copies of which one may leave, is the second', () => {
    const driver = aDriver().serve(aServer('t', [10]), ['a', 'x', 'y']);
    driver.declare(aModel('a', { gpuBytes: 8, pinnedCopies: 2 }), aModel('y', { gpuBytes: 8 }));
    driver.loadEnds('a', 't');
    driver.shelf('s').set('y', '');
    driver
      .declare(aModel('a', { gpuBytes: 8, pinnedCopies: 1 }))
      .loadsTake('y', 8_000)
      .pass(40_000);
    driver.looksEnd = false;
    for (const name of ['y', 'x']) driver.resolve(name, { wait: 60_000 });
    // An unload and the load of y; then a lease on it.
    expect(times(driver).slice(0, 2)).toEqual([9, 20]);
  });

  it('for copies.min, stands in the curves of a higher class', () => {
    const driver = aDriver({ minCopies: 1 });
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000, class: 'critical' });
    expect(times(driver)).toEqual([0, 1, 9]);
  });
});

describe('a copy that is to come', () => {
  it('leaves for a job behind it after its residency, a usual lease, and an unload', () => {
    const driver = aDriver({ idleUnload: null, minResidency: 0 });
    driver.declare(aModel('y', { gpuBytes: 8, minResidency: 5_000 })).loadsTake('y', 4_000);
    driver.shelf('s').set('y', '');
    driver.pass(11_000);
    driver.looksEnd = false;
    driver.resolve('y', { wait: 50_000 });
    driver.resolve('x', { wait: 60_000 });
    // y: an unload and its load, 1 + 4; then 5 + 10 + 1.
    expect(times(driver)).toEqual([10, 21, 29]);
  });

  it('leaves when it has been loaded where it loads now', () => {
    const driver = aDriver();
    driver.declare(aModel('y', { gpuBytes: 8, minResidency: 5_000 })).loadsTake('y', 4_000);
    driver.shelf('s').set('y', '');
    driver.pass(11_000);
    driver.resolve('y', { wait: 50_000 });
    driver.pass(1_000);
    expect(driver.isLoading('y', 's')).toBe(true);
    driver.unloadsTake('s', 1_000);
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver)).toEqual([8, 19, 27]);
  });
});

describe('the evictions of a minute', () => {
  it('keep a copy until the next, also where they are of the jobs ahead', () => {
    const driver = aDriver();
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevicePerMinute: 1 };
    driver.declare(aModel('y', { gpuBytes: 8 })).loadsTake('y', 4_000);
    driver.shelf('s').set('y', '');
    driver.pass(11_000);
    driver.looksEnd = false;
    driver.resolve('y', { wait: 50_000 });
    driver.resolve('x', { wait: 600_000 });
    expect(times(driver)).toEqual([60, 71, 79]);
  });
});

describe('a closed device', () => {
  it('lets nothing leave before it opens', () => {
    const driver = aDriver();
    const server = driver.fleet.servers.get(aServer('s').id)!;
    server.unloadTimes = null;
    closeAfterLoad(meterOf(server, 0), driver.now);
    meterOf(server, 0).movedAt = driver.now;
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    expect(times(driver).slice(0, 2)).toEqual([3, 4]);
  });
});
