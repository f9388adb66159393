import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

/** Long enough for two looks at rest, wherever they begin. */
const REST = 25_000;

/** Two models that were measured to take 4 of a GPU each. */
function aDriver(): CoreDriver {
  const models = ['a', 'b'].map((id) => aModel(id, { idleUnload: null }));
  const driver = new CoreDriver().declare(...models).serve(aServer('t'), ['a', 'b']);
  show(driver, 0);
  driver.pass(REST);
  for (const [id, used] of [
    ['a', 4],
    ['b', 8],
  ] as const) {
    driver.resolve(id);
    show(driver, used);
    driver.loadEnds(id, 't');
    driver.pass(REST);
  }
  return driver;
}

function show(driver: CoreDriver, used: number): void {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory: 10, used }];
}

const unload = (driver: CoreDriver, ...ids: readonly string[]): unknown =>
  driver.tell(...ids.map((id) => ({ kind: 'UnloadOrdered', model: aModel(id).id, force: true }) as const));

const phases = (driver: CoreDriver) => [driver.phase('a', 't'), driver.phase('b', 't')];
const meter = (driver: CoreDriver) => driver.fleet.servers.get(aServer('t').id)!.meters.get(0)!;

describe('the memory of two copies that leave a device together', () => {
  it('is booked for both until that of both has come back', () => {
    const driver = aDriver();
    unload(driver, 'a', 'b');
    driver.pass(2_000);
    show(driver, 4);
    driver.pass(1_000);
    expect(phases(driver)).toEqual(['unloading', 'unloading']);
    show(driver, 0);
    driver.pass(1_000);
    expect(phases(driver)).toEqual([undefined, undefined]);
    expect(meter(driver)).toMatchObject({ residue: 0, release: null });
  });

  it('is booked no longer than 5 s, and it cannot be told which of them left a residue', () => {
    const driver = aDriver();
    unload(driver, 'a', 'b');
    show(driver, 4);
    driver.pass(7_000);
    expect(phases(driver)).toEqual([undefined, undefined]);
    expect(meter(driver)).toMatchObject({ residue: 0, release: null });
  });

  it('does not count what only one of them has given back', () => {
    const driver = aDriver();
    unload(driver, 'a', 'b');
    driver.shelf('t').set('b', 'READY');
    show(driver, 4);
    driver.pass(700);
    expect(driver.phase('a', 't')).toBe('unloading');
    driver.pass(7_000);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(meter(driver).residue).toBe(0);
  });
});

describe('where the metrics stop answering', () => {
  it('nothing is taken for residue', () => {
    const driver = aDriver();
    driver.shelf('t').gpus = null;
    driver.pass(3_000);
    unload(driver, 'a');
    driver.pass(10_000);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(meter(driver).residue).toBe(0);
  });

  it('what was seen before says nothing once they answer again', () => {
    const driver = aDriver();
    driver.shelf('t').gpus = null;
    driver.pass(3_000);
    show(driver, 10);
    driver.pass(1_900);
    expect(meter(driver).samples.length).toBeLessThan(2);
    driver.pass(REST);
    expect(meter(driver).foreign).toBe(2);
  });
});
