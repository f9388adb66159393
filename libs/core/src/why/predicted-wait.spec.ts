import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { type ModelId, whyOf } from '../index.js';

const TOOK = 3_000;

/** Two models of 6 on a GPU of 10, one of them warm; a load of the other takes 3 s. */
function oneWarm(parts: Parameters<typeof aModel>[1] = {}): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('here', { gpuBytes: 6, ...parts }), aModel('there', { gpuBytes: 6 }))
    .serve(aServer('s', [10]), ['here', 'there'])
    .warm('here', 's');
  driver.fleet.loadTook.set('there' as ModelId, TOOK);
  return driver;
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

  it('is that for the load alone where somebody may leave', () => {
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

  it('is that for the cooldown after a failed load, too', () => {
    const driver = oneWarm();
    driver.tell({ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true });
    driver.pass(1_000);
    driver.resolve('there', { wait: 500 });
    driver.loadEnds('there', 's', 'capacity');
    driver.pass(600);
    expect(waitFor(driver, 'there')).toBe(400 + TOOK);
  });

  it('is not known where a pin is in the way', () => {
    expect(waitFor(oneWarm({ pinnedCopies: 1 }), 'there')).toBeNull();
  });

  it('is not known for a model that fits nowhere', () => {
    const driver = oneWarm().declare(aModel('there', { gpuBytes: 11 }));
    expect(waitFor(driver, 'there')).toBeNull();
  });
});
