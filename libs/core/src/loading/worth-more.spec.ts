import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import { wantFor } from '../demand/wants.js';
import { Jobs } from './job.js';
import { Schedule } from './schedule.js';
import { worthMoreFrom } from './worth-more.js';

const A = aModel('a').id;
const X = aModel('x').id;

/** `a` fills a server and was asked for so many times just now; loads of both models take 10 s. */
function used(times: number, parts: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 8, ...parts }), aModel('x', { gpuBytes: 8 }))
    .serve(aServer('s', [10]), ['a', 'x'])
    .warm('a', 's')
    .loadsTake('a', 10_000)
    .loadsTake('x', 10_000);
  driver.pass(20_000);
  for (let one = 0; one < times; one += 1) driver.resolve('a', { lease: 0 });
  return driver;
}

/** The same beside `b`, which fills a server of its own, where `y` could be loaded. */
const twoUsed = (): CoreDriver =>
  used(600)
    .declare(aModel('b', { gpuBytes: 8 }), aModel('y', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['b', 'y'])
    .warm('b', 't')
    .loadsTake('b', 10_000);

/** How long from now `a` is worth more than what waits for `x`. */
function worthMoreIn(driver: CoreDriver): number {
  const { fleet, now } = driver;
  const want = wantFor(fleet, fleet.models.get(X)!, now);
  const job = new Jobs(fleet, [want], now).of(want);
  return worthMoreFrom(new Schedule(fleet, [...fleet.servers.values()], now), job, [A], job.starvesAt) - now;
}

/** What a model of which loads take 10 s is worth that so many ms ago so many requests of a minute were for. */
function worth(requests: number, ago: number): number {
  const during = (requests / 6) * Math.exp(-ago / 60_000);
  return during + during ** 2 / 2;
}

/** How many requests of a minute were for `a`, with that by which it was loaded. */
const asked = (times: number): number => times + Math.exp(-20 / 60);

describe('a job is worth more than a copy of its class', () => {
  it('when its request, which weighs more and more, makes up for what it is worth less', () => {
    const driver = used(8);
    driver.resolve('x');
    const after = worthMoreIn(driver);
    expect(after / 1_000).toBeCloseTo(16.899, 2);
    expect(worth(asked(8), after) - worth(1, after)).toBeCloseTo(1 + after / 30_000, 4);
  });

  it('sooner where two requests wait, which weigh as much as if both had waited as long as the first', () => {
    const driver = used(13);
    driver.resolve('x');
    driver.pass(3_000);
    driver.resolve('x');
    const after = worthMoreIn(driver);
    expect(after / 1_000).toBeCloseTo(12.445, 2);
    const own = worth(1 + Math.exp(-3 / 60), after);
    expect(worth(asked(13), 3_000 + after) - own).toBeCloseTo(2 * (1 + (3_000 + after) / 30_000), 4);
  });

  it('at once where it is asked for more', () => {
    const driver = used(1);
    driver.looksEnd = false;
    for (const _ of ['first', 'second', 'third']) driver.resolve('x');
    expect(worthMoreIn(driver)).toBe(0);
  });

  it('at the latest when it starves', () => {
    const driver = used(600);
    driver.resolve('x');
    driver.pass(4_000);
    for (let one = 0; one < 600; one += 1) driver.resolve('a', { lease: 0 });
    expect(worthMoreIn(driver)).toBe(driver.fleet.limits.starvation - 4_000);
  });

  it('only when it starves where no request waits for it', () => {
    const driver = used(120);
    driver.resolve('x', { wait: 0 });
    expect(worthMoreIn(driver)).toBe(4 * driver.fleet.limits.starvation);
  });
});

describe('a copy of a model that has two', () => {
  it('is worth half of it', () => {
    const driver = used(14, { minCopies: 2 }).serve(aServer('t', [10]), ['a']);
    driver.loadEnds('a', 't');
    driver
      .declare(aModel('a', { gpuBytes: 8 }))
      .loadsTake('a', 10_000)
      .resolve('x');
    const after = worthMoreIn(driver);
    expect(after / 1_000).toBeCloseTo(18.039, 2);
    expect(worth(asked(14), after) / 2 - worth(1, after)).toBeCloseTo(1 + after / 30_000, 4);
  });
});

describe('a copy of a lower class', () => {
  it('leaves at once, whatever it is worth', () => {
    const driver = used(600, { class: 'sheddable' });
    driver.resolve('x');
    driver.pass(1_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });
});

describe('a promise counts on that moment', () => {
  it('and refuses a request whose load could begin only too late', () => {
    const driver = used(9);
    expect(driver.answerTo(driver.resolve('x', { wait: 20_000 }))).toBe('deadline_unreachable');
    const request = driver.resolve('x', { wait: 45_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(10_000);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.pass(15_000);
    expect(driver.isLoading('x', 's')).toBe(true);
  });
});

describe('that a model will starve', () => {
  const mayWait = (driver: CoreDriver, model: string): string =>
    driver.answerTo(driver.resolve(model, { wait: 45_000 }));

  it('counts for the one that has waited longest', () => {
    const driver = twoUsed();
    driver.loadsTake('y', 10_000).pass(30_000);
    for (let one = 0; one < 600; one += 1)
      for (const model of ['a', 'b']) driver.resolve(model, { lease: 0 });
    expect(mayWait(driver, 'x')).toBe('waiting');
    driver.pass(500);
    expect(mayWait(driver, 'y')).toBe('deadline_unreachable');
  });

  it('does not count on a device whose last eviction was for one that had starved', () => {
    const driver = used(600);
    driver.fleet.starvedLast.add(gpuAccount(aServer('s').id, 0));
    expect(mayWait(driver, 'x')).toBe('deadline_unreachable');
  });
});

describe('a model that has starved', () => {
  it('makes a copy leave that is worth more', () => {
    const driver = used(600);
    driver.resolve('x', { wait: 60_000 });
    for (let second = 1; second < 30; second += 1) {
      driver.pass(1_000);
      for (let one = 0; one < 60; one += 1) driver.resolve('a', { lease: 0 });
    }
    expect(driver.phase('a', 's')).toBe('ready');
    driver.pass(2_000);
    expect(driver.orders().slice(1)).toEqual(['unload a@s', 'load x@s']);
  });

  it('makes none leave for another that has not', () => {
    const driver = twoUsed();
    const isUsedFor = (seconds: number): void => {
      for (let second = 0; second < seconds; second += 1) {
        driver.pass(1_000);
        for (let one = 0; one < 60; one += 1)
          for (const model of ['a', 'b']) driver.resolve(model, { lease: 0, wait: 0 });
      }
    };
    isUsedFor(20);
    driver.resolve('x', { wait: 60_000 });
    isUsedFor(10);
    driver.loadsTake('y', 10_000).resolve('y', { wait: 60_000 });
    isUsedFor(22);
    expect([driver.phase('a', 's'), driver.phase('b', 't')]).toEqual([undefined, 'ready']);
  });
});
