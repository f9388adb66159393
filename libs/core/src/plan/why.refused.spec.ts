import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';
import { whyOf } from './why.js';

const told = (driver: CoreDriver, model: string) => {
  const { refusal, predictedWait } = whyOf(driver.fleet, model as ModelId, new Now(driver.now));
  return { refusal, predictedWait };
};

/** Two loads that took all slots of their server, so long after they became overdue. */
const loadsHang = (since: Millis): CoreDriver => {
  const models = ['a', 'b', 'c'].map((id) => aModel(id, { gpuBytes: 2, loadTimeout: 5_000 }));
  const driver = new CoreDriver().declare(...models).serve(aServer('t', [10]), ['a', 'b', 'c']);
  for (const model of ['a', 'b']) {
    driver.resolve(model, { wait: 1 });
    driver.pass(5_000);
  }
  driver.pass(since);
  return driver;
};

const loadFailed = (): CoreDriver => {
  const coldStart = { policy: 'queue', maxQueue: 100, maxWait: 100, loadWhenShed: true } as const;
  const driver = new CoreDriver().declare(aModel('c', { coldStart })).serve(aServer('t', [10]), ['c']);
  driver.resolve('c', { wait: 0 });
  driver.loadEnds('c', 't', 'capacity');
  return driver;
};

const isNowhere = (): CoreDriver => {
  const driver = new CoreDriver().declare(aModel('c')).serve(aServer('t', [10]), []);
  driver.resolve('c', { wait: 60_000 });
  driver.pass(1_000);
  return driver;
};

describe('explain of a model that no wait would serve', () => {
  it.each([
    { why: 'loads that do not end hold all slots', driver: loadsHang(355_000), reason: 'no_capacity' },
    { why: 'its load has failed', driver: loadFailed(), reason: 'cooling_down' },
    { why: 'no server lists it, and the indexes were just read', driver: isNowhere(), reason: 'infeasible' },
  ])('says what a request is told where $why', ({ driver, reason }) => {
    const said = told(driver, 'c');
    expect(driver.answerTo(driver.resolve('c', { wait: 100 }))).toBe(reason);
    expect(said).toEqual({ refusal: reason, predictedWait: null });
  });

  it('says that it would wait where an overdue load may still end, and it gets the slot of that', () => {
    const driver = loadsHang(100_000);
    const request = driver.resolve('c', { wait: 60_000 });
    expect(told(driver, 'c')).toEqual({ refusal: null, predictedWait: null });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadEnds('b', 't');
    driver.loadEnds('c', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('has no index read for it', () => {
    const driver = new CoreDriver().declare(aModel('c')).serve(aServer('t', [10]), []);
    driver.pass(1_000);
    const before = { ...driver.fleet.servers.get(aServer('t').id)! };
    expect(told(driver, 'c').refusal).toBeNull();
    expect(driver.fleet.servers.get(aServer('t').id)).toEqual(before);
    expect(driver.fleet.refreshedAt).toBeNull();
  });
});
