import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { whyOf } from '../index.js';
import { NOT_SLOW } from '../learned/slowdown.js';

const AGES = 61_000;
const OLD = ['a', 'b', 'c', 'd', 'e'];
const NEWCOMERS = ['v', 'w', 'x', 'y', 'z'];

/** A GPU with so many slots that is full of as many unused models, beside one with a load that hangs. */
function fullServer(slots: number, old: readonly string[], hanging: readonly string[] = []): CoreDriver {
  const all = [...hanging, ...old, ...NEWCOMERS];
  const driver = new CoreDriver();
  const { limits } = driver.fleet;
  driver.fleet.limits = { ...limits, loadsPerServer: slots, loadsPerDevice: slots };
  for (const name of all) driver.declare(aModel(name, { gpuBytes: 4 })).loadsTake(name, 8_000);
  driver.serve(aServer('t', [4 * (old.length + hanging.length)]), all);
  for (const name of hanging) {
    driver.resolve(name);
    driver.loadEnds(name, 't', 'unknown');
  }
  for (const name of old) {
    driver.resolve(name, { lease: 0 });
    driver.loadEnds(name, 't');
  }
  driver.pass(AGES);
  return driver;
}

/** Whether requests for a model that wait for so long are admitted. */
const answers = (driver: CoreDriver, model: string, waits: readonly number[]): string[] =>
  waits.map((wait) => driver.answerTo(driver.resolve(model, { wait })));

const placed = (driver: CoreDriver) => ['x', 'y', 'z'].map((name) => driver.phase(name, 't'));

describe('a request in line for load slots is told when its turn comes', () => {
  it('where a load that hangs keeps one of them', () => {
    const driver = fullServer(2, OLD, ['hangs']);
    for (const name of ['x', 'y', 'z']) driver.resolve(name);
    driver.pass(1_000);
    expect(placed(driver)).toEqual(['loading', 'placed', 'placed']);
    for (const name of ['y', 'y', 'y', 'y']) driver.resolve(name);
    expect(answers(driver, 'z', [22_900, 23_000])).toEqual(['deadline_unreachable', 'waiting']);
    expect(answers(driver, 'w', [30_900, 31_000])).toEqual(['deadline_unreachable', 'waiting']);
  });

  it('where loads begin one after the other, since warm models are served slower than usual', () => {
    const driver = fullServer(2, OLD);
    const server = driver.fleet.servers.get(aServer('t').id)!;
    server.slowdown = { ...NOT_SLOW, since: driver.now, isSlow: true };
    for (const name of ['x', 'y', 'z', 'v']) driver.resolve(name);
    driver.pass(1_000);
    expect(placed(driver)).toEqual(['loading', 'placed', 'placed']);
    expect(answers(driver, 'w', [38_900, 39_000])).toEqual(['deadline_unreachable', 'waiting']);
  });

  it('where leases end before those in front of it can begin', () => {
    const driver = fullServer(1, ['a', 'b', 'c']);
    for (const name of ['a', 'b']) driver.resolve(name, { lease: 50_000 });
    driver.resolve('c', { lease: 40_000 });
    for (const name of ['x', 'y']) driver.resolve(name);
    driver.pass(30_000);
    expect(['a', 'b', 'c'].map((name) => driver.phase(name, 't'))).toEqual(['draining', 'draining', 'ready']);
    expect(answers(driver, 'z', [42_700, 42_800])).toEqual(['deadline_unreachable', 'waiting']);
  });

  it('where what is wanted less has its place before it, and does not count', () => {
    const driver = fullServer(1, ['a', 'b', 'c', 'd']);
    for (const name of ['x', 'y']) driver.resolve(name);
    driver.pass(1_000);
    driver.resolve('v', { class: 'critical' });
    expect(['x', 'y', 'v'].map((name) => driver.phase(name, 't'))).toEqual(['loading', 'placed', 'placed']);
    const late = driver.resolve('z', { class: 'critical', wait: 22_900 });
    const early = driver.resolve('z', { class: 'critical', wait: 23_000 });
    expect([late, early].map((one) => driver.answerTo(one))).toEqual(['deadline_unreachable', 'waiting']);
  });
});

describe('a refused request is told when its turn for a load slot should come', () => {
  /** One model is loading, one has its place; both take 8 s, and what comes now 23 s in all. */
  function twoInLine(): CoreDriver {
    const driver = fullServer(1, ['a', 'b', 'c']);
    const coldStart = { policy: 'queue', maxQueue: 1, maxWait: 60_000, loadWhenShed: true } as const;
    driver.declare(aModel('z', { gpuBytes: 4, coldStart }));
    for (const name of ['x', 'y']) driver.resolve(name);
    driver.pass(1_000);
    return driver;
  }

  it('where it would not wait', () => {
    const driver = twoInLine();
    const told = { reason: 'loading', phase: 'waiting', eta: 23_000, retryAfter: 23_000 };
    expect(driver.refusalOf(driver.resolve('z', { wait: 0 }))).toMatchObject(told);
  });

  it('where the queue is full', () => {
    const driver = twoInLine();
    driver.resolve('z');
    expect(driver.refusalOf(driver.resolve('z'))).toEqual({ reason: 'queue_full', retryAfter: 23_000 });
  });

  it('and so is a caller that asks why', () => {
    const driver = twoInLine();
    expect(whyOf(driver.fleet, aModel('z').id, driver.now).predictedWait).toBe(23_000);
    driver.resolve('z');
    const { demand, predictedWait } = whyOf(driver.fleet, aModel('z').id, driver.now);
    expect(demand.wait).toMatchObject({ phase: 'waiting', eta: { p50: 23_000, p90: 23_000 } });
    expect(predictedWait).toBe(23_000);
  });
});
