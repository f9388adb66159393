import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const NAMES = ['a', 'b', 'c'];

const aDriver = (): CoreDriver =>
  new CoreDriver().declare(...NAMES.map((name) => aModel(name))).serve(aServer('t'), NAMES);

describe('a request', () => {
  it('is refused where as many wait for all models together as may', () => {
    const driver = aDriver();
    const { limits, defaults } = driver.fleet;
    driver.tell({ kind: 'LimitsSet', limits: { ...limits, globalQueue: 2 }, defaults });
    const requests = NAMES.map((name) => driver.resolve(name));
    expect(requests.map((request) => driver.answerTo(request))).toEqual(['waiting', 'waiting', 'queue_full']);
  });

  it('hears nothing final about a model too large for all servers but one that was never seen', () => {
    const driver = aDriver().declare(aModel('a', { gpuBytes: 20 }));
    driver.tell({ kind: 'ServerDeclared', server: aServer('u', [40]) });
    driver.pass(20_000);
    expect(driver.answerTo(driver.resolve('a'))).toBe('no_server');
  });
});

describe('a wish', () => {
  it('ends when its time is up', () => {
    const driver = new CoreDriver().declare(aModel('a'));
    driver.tell({ kind: 'LoadOrdered', model: aModel('a').id, until: driver.now + 60_000 });
    driver.pass(59_000);
    expect(driver.fleet.wishes.size).toBe(1);
    driver.pass(1_000);
    expect(driver.fleet.wishes.size).toBe(0);
  });
});
