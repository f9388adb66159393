import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { areSlotsScarce, slotsTakenLately } from './slot-use.js';

/** Two servers, each with two devices: four slots. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver();
  const names = ['a', 'b', 'c', 'd', 'e'];
  driver.declare(...names.map((name) => aModel(name, { gpuBytes: 4, config: '{}' })));
  for (const server of ['s', 't']) driver.serve(aServer(server, [4, 4]), names);
  return driver;
}

const lately = ({ fleet, now }: CoreDriver): number => slotsTakenLately(fleet, now);

describe('the share of load slots that was taken lately', () => {
  it('is none before anything is loaded', () => {
    const driver = aDriver();
    driver.pass(60_000);
    expect(lately(driver)).toBe(0);
  });

  it('comes near what is taken within some 20 s, and leaves it again as fast', () => {
    const driver = aDriver();
    for (const model of ['a', 'b']) driver.resolve(model, { wait: 300_000 });
    expect(lately(driver)).toBe(0);
    driver.pass(20_000);
    expect(lately(driver)).toBeCloseTo(0.5 * (1 - 1 / Math.E), 9);
    driver.pass(20_000);
    const before = lately(driver);
    expect(before).toBeCloseTo(0.5 * (1 - 1 / Math.E ** 2), 9);
    driver.loadEnds('a', 's');
    driver.loadEnds('b', 's');
    driver.pass(20_000);
    expect(lately(driver)).toBeCloseTo(before / Math.E, 9);
  });

  it('counts what has its place and waits for a slot, as far as there are slots', () => {
    const driver = aDriver();
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const model of ['a', 'b', 'c', 'd']) driver.resolve(model);
    expect(driver.orders()).toHaveLength(2);
    expect(driver.fleet.slotUse.taken).toBe(1);
  });

  it('counts no slots of servers that take nothing new', () => {
    const driver = aDriver();
    driver.tell({ kind: 'DrainOrdered', server: aServer('t').id, deadline: null });
    for (const model of ['a', 'b']) driver.resolve(model);
    expect(driver.fleet.slotUse.taken).toBe(1);
  });

  it('makes them scarce from three of five on', () => {
    const driver = aDriver();
    const at = driver.now;
    driver.fleet.slotUse = { lately: 0.6, taken: 0, at };
    expect(areSlotsScarce(driver.fleet, at)).toBe(false);
    driver.fleet.slotUse = { lately: 0.61, taken: 0, at };
    expect(areSlotsScarce(driver.fleet, at)).toBe(true);
    expect(areSlotsScarce(driver.fleet, at + 1_000)).toBe(false);
  });
});
