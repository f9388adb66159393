import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { type ModelId, type ServerId, whyOf } from '../index.js';

const TOOK = 3_000;

/** Two models of 6 on a GPU of 10, one of them warm; a load of the other takes 3 s. */
function oneWarm(parts: Parameters<typeof aModel>[1] = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('here', { gpuBytes: 6, ...parts }), aModel('there', { gpuBytes: 6 }))
    .serve(aServer('s', [10]), ['here', 'there'])
    .warm('here', 's');
  return driver.loadsTake('there', TOOK);
}

const waitFor = (driver: CoreDriver, model: string): number | null =>
  whyOf(driver.fleet, model as ModelId, driver.now).predictedWait;

describe('the wait that is predicted for a request', () => {
  it('is none for a model that is warm', () => {
    expect(waitFor(oneWarm(), 'here')).toBe(0);
  });

  it('is that for the lease that is in the way, and for the load', () => {
    expect(waitFor(oneWarm(), 'there')).toBe(10_000 + TOOK);
  });

  it('is that for the load alone where a replica may leave', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    expect(waitFor(driver, 'there')).toBe(TOOK);
  });

  it('is what is left of a load under way', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    driver.resolve('there');
    driver.pass(1_000);
    const wait = waitFor(driver, 'there')!;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThan(TOOK);
  });

  it('is that for the load on the server where it would begin, where that is one', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    const server = 's' as ServerId;
    const pace = { mean: Math.log(4_500), deviation: 0, count: 8 };
    driver.tell({ kind: 'LoadPaceRemembered', server, pace });
    driver.declare(aModel('new', { gpuBytes: 6 })).serve(aServer('t', [5]), ['new']);
    driver.shelf('s').set('new', '');
    driver.pass(10_000);
    expect(waitFor(driver, 'new')).toBe(2 * 4_500);
  });

  it('is that for the cooldown after a failed load, too', () => {
    const driver = oneWarm();
    driver.tell({ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true });
    driver.pass(1_000);
    driver.resolve('there', { wait: 500 });
    driver.loadEnds('there', 's', 'transient');
    driver.pass(500);
    const [cooldown] = driver.fleet.cooldowns.values();
    expect(waitFor(driver, 'there')).toBe(cooldown!.until - driver.now + TOOK);
  });

  it('is not known where a pin is in the way', () => {
    expect(waitFor(oneWarm({ pinnedCopies: 1 }), 'there')).toBeNull();
  });

  it('is not known for a model that fits nowhere', () => {
    const driver = oneWarm().declare(aModel('there', { gpuBytes: 11 }));
    expect(waitFor(driver, 'there')).toBeNull();
  });
});
