import { describe, expect, it } from '@jest/globals';
import { aPendingModel as aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { SOON } from '../learned/closing.js';

const NAMES = ['hot', 'new', 'b'];
const CONFIG = { json: '{}', kind: 'gpu', gpus: [0], count: 1 } as const;

/** A full GPU, where `new`, of which no config is known, has been loading for 2 of its 30 s; `hot` may leave for `b`. */
function besideNew(): CoreDriver {
  const config = '{}';
  const driver = new CoreDriver()
    .declare(aModel('hot', { config }), aModel('new'), aModel('b', { config }))
    .serve(aServer('t', [8]), NAMES);
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevice: 2 };
  driver.loadsTake('hot', 2_000).loadsTake('new', 30_000).loadsTake('b', 2_000).warm('hot', 't').pass(60_000);
  driver.resolve('new');
  driver.pass(2_000);
  return driver;
}

describe('a copy that is to leave beside the load of a model without a known config', () => {
  it('is forecast to leave after that load', () => {
    const driver = besideNew();
    expect(driver.answerTo(driver.resolve('b', { wait: 10_000 }))).toMatch(
      /deadline_unreachable|no_capacity/,
    );
  });

  it('is so as well once it drains', () => {
    const driver = besideNew();
    driver.unloadsTake('t', 1_000).tell({ kind: 'UnloadOrdered', model: aModel('hot').id, force: false });
    expect(driver.phase('hot', 't')).toBe('draining');
    expect(driver.answerTo(driver.resolve('b', { wait: 10_000 }))).toMatch(
      /deadline_unreachable|no_capacity/,
    );
    const request = driver.resolve('b', { wait: 32_000 });
    expect(driver.fleet.line.get(aModel('b').id)!.startsAt).toBeGreaterThan(driver.now + 28_000);
    driver.pass(28_000);
    driver.loadEnds('new', 't');
    const [server, model] = [aServer('t').id, aModel('new').id];
    driver.tell({ kind: 'ConfigLearned', server, model, config: CONFIG, steps: [] });
    driver.pass(1_000);
    driver.loadEnds('b', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('is forecast to leave soon where that load has lasted for longer than it may', () => {
    const driver = besideNew();
    driver.tell({ kind: 'UnloadOrdered', model: aModel('hot').id, force: false });
    driver.pass(58_000);
    driver.resolve('b', { wait: 10_000 });
    expect(driver.fleet.line.get(aModel('b').id)!.startsAt).toBeGreaterThanOrEqual(driver.now + SOON);
    expect(driver.fleet.line.get(aModel('b').id)!.startsAt).toBeLessThan(Infinity);
  });
});

describe('loads of models without known configs', () => {
  const starts = ({ fleet, now }: CoreDriver, model: string): number =>
    (fleet.line.get(aModel(model).id)!.startsAt - now) / 1_000;

  /** Three free GPUs, and three models whose loads take 10 s each. */
  function threeNew(): CoreDriver {
    const names = ['x', 'y', 'z'];
    const driver = new CoreDriver();
    for (const name of names) driver.declare(aModel(name)).loadsTake(name, 10_000);
    driver.serve(aServer('t', [8, 8, 8]), names);
    for (const name of names) driver.resolve(name, { wait: 300_000 });
    return driver;
  }

  it('are forecast one after the other', () => {
    const driver = threeNew();
    expect(driver.isLoading('x', 't')).toBe(true);
    expect([starts(driver, 'y'), starts(driver, 'z')]).toEqual([10, expect.closeTo(20, -1)]);
  });
});
