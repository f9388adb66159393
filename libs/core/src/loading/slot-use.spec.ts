import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { areSlotsScarce, slotsTaken } from './slot-use.js';

/** Two servers, each with two devices: four slots. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver();
  const names = ['a', 'b', 'c', 'd', 'e'];
  driver.declare(...names.map((name) => aModel(name, { gpuBytes: 4, config: '{}' })));
  for (const server of ['s', 't']) driver.serve(aServer(server, [4, 4]), names);
  return driver;
}

function lately({ fleet, now }: CoreDriver, ...servers: readonly string[]): number {
  const meant = [...fleet.servers.values()].filter(({ spec }) => servers.includes(spec.id));
  return slotsTaken(fleet, meant, now);
}

const takenNow = ({ fleet }: CoreDriver): readonly number[] =>
  Array.from(fleet.slotUse.values(), ({ taken }) => taken);

describe('the share of load slots that was taken lately', () => {
  it('is none before anything is loaded', () => {
    const driver = aDriver();
    driver.pass(60_000);
    expect(lately(driver, 's', 't')).toBe(0);
  });

  it('comes near what is taken within some 20 s, and leaves it again as fast', () => {
    const driver = aDriver();
    for (const model of ['a', 'b']) driver.resolve(model, { wait: 300_000 });
    expect(lately(driver, 's')).toBe(0);
    driver.pass(20_000);
    expect(lately(driver, 's')).toBeCloseTo(1 - 1 / Math.E, 9);
    expect(lately(driver, 's', 't')).toBeCloseTo(0.5 * (1 - 1 / Math.E), 9);
    driver.loadEnds('a', 's');
    driver.loadEnds('b', 's');
    driver.pass(20_000);
    expect(lately(driver, 's')).toBeCloseTo((1 - 1 / Math.E) / Math.E, 9);
    driver.pass(600_000);
    expect(driver.fleet.slotUse.size).toBe(0);
  });

  it('counts what has its place and waits for a slot, as far as there are slots', () => {
    const driver = aDriver();
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const model of ['a', 'b', 'c', 'd']) driver.resolve(model);
    expect(driver.orders()).toHaveLength(2);
    expect(takenNow(driver)).toEqual([1, 1]);
  });

  it('counts none for what waits for leases beside free slots', () => {
    const driver = aDriver();
    for (const model of ['a', 'b', 'c', 'd']) driver.resolve(model, { lease: 300_000 });
    for (const [model, server] of [
      ['a', 's'],
      ['b', 's'],
      ['c', 't'],
      ['d', 't'],
    ] as const)
      driver.loadEnds(model, server);
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    driver.resolve('e', { wait: 600_000 });
    expect([driver.phase('a', 's'), driver.phase('e', 's')]).toEqual(['draining', 'placed']);
    expect(takenNow(driver).every((taken) => taken === 0)).toBe(true);
  });

  it('counts a load no more that has given its device back, since it hangs', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 300_000 });
    expect(takenNow(driver)).toEqual([0.5]);
    driver.pass(61_000);
    expect(driver.phase('a', 's')).toBe('loading');
    expect(driver.fleet.slotUse.get(aServer('s').id)?.taken).toBe(0);
  });

  it('forgets servers that take nothing new', () => {
    const driver = aDriver();
    for (const model of ['a', 'b']) driver.resolve(model);
    driver.pass(10_000);
    driver.tell({ kind: 'DrainOrdered', server: aServer('s').id, deadline: null });
    expect([...driver.fleet.slotUse.keys()]).toEqual(['t']);
  });

  it('makes them scarce from 57 of 100 on, anywhere', () => {
    const { fleet } = aDriver();
    const use = { taken: 0, at: 0 };
    fleet.slotUse.set(aServer('s').id, { ...use, lately: 0.57 });
    expect(areSlotsScarce(fleet, 0)).toBe(false);
    fleet.slotUse.set(aServer('t').id, { ...use, lately: 0.58 });
    expect(areSlotsScarce(fleet, 0)).toBe(true);
  });
});
