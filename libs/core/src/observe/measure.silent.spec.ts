import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { foreignOn } from '../fleet/meter.js';

/** Long enough for a clean sample, wherever looks begin. */
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

function show(driver: CoreDriver, used: number, memory = 10): void {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory, used }];
}

const server = (driver: CoreDriver) => driver.fleet.servers.get(aServer('t').id)!;
const meter = (driver: CoreDriver) => server(driver).meters.get(0)!;

describe('metrics that do not answer', () => {
  it('teach nothing: what is missing after them is no residue', () => {
    const driver = aDriver();
    driver.shelf('t').gpus = null;
    driver.pass(15_000);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(1_000);
    show(driver, 8);
    driver.pass(REST);
    expect([foreignOn(server(driver), 0), meter(driver).residue]).toEqual([4, 0]);
  });

  it('leave what is counted of others as it was', () => {
    const driver = aDriver();
    show(driver, 10);
    driver.pass(REST);
    driver.shelf('t').gpus = null;
    driver.pass(REST);
    expect(foreignOn(server(driver), 0)).toBe(2);
  });
});

describe.each([
  ['more in use than there is', 11, 10],
  ['a total of 0', 0, 0],
])('metrics that tell %s', (_, used, memory) => {
  it('teach nothing, and change nothing', () => {
    const driver = aDriver();
    const before = { ...meter(driver) };
    show(driver, used, memory);
    driver.pass(6_000);
    expect(meter(driver)).toEqual(before);
    show(driver, 9);
    driver.pass(REST);
    expect(foreignOn(server(driver), 0)).toBe(1);
  });
});
