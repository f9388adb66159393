import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Forecast } from '../learned/load-times.js';
import { after as from } from './chunks.js';
import { readyAfter } from './schedule.js';
import { Slots } from './slots.js';

const T = aServer('t').id;

/** A load that takes so many seconds, without doubt unless a P90 is told. */
const seconds = (p50: number, p90 = p50): Forecast => ({ p50: p50 * 1_000, p90: p90 * 1_000 });

/** Three devices, each with one slot; the server has two. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { config: '{}', loadTimeout: 5_000 }))
    .serve(aServer('t', [10, 10, 10]), ['a']);
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 2, loadsPerDevice: 1 };
  return driver;
}

const slotsOf = ({ fleet, now }: CoreDriver): Slots => new Slots(fleet, fleet.servers.get(T)!, new Now(now));

/** In how many seconds a load can begin on a device. */
const after = ({ now }: CoreDriver, slots: Slots, device: number, load = seconds(1)): number =>
  (slots.earliest([device], now, load).at - now) / 1_000;

describe('a load begins', () => {
  it('when a slot of its device is free, and one of its server', () => {
    const driver = aDriver();
    const slots = slotsOf(driver);
    slots.take([0], driver.now, from(driver.now, seconds(8)));
    expect([0, 1, 2].map((device) => after(driver, slots, device))).toEqual([8, 0, 0]);
    slots.take([1], driver.now, from(driver.now, seconds(5)));
    expect([0, 1, 2].map((device) => after(driver, slots, device))).toEqual([8, 5, 5]);
  });

  it('when each of its devices has a slot', () => {
    const driver = aDriver();
    const slots = slotsOf(driver);
    slots.take([0], driver.now, from(driver.now, seconds(3)));
    slots.take([0], driver.now + 3_000, from(driver.now + 3_000, seconds(4)));
    expect(slots.earliest([0, 1], driver.now, seconds(1)).at).toBe(driver.now + 7_000);
  });

  it('in a gap before loads to come that holds its P90, and behind them where the gap holds its P50 only', () => {
    const driver = aDriver();
    const slots = slotsOf(driver);
    slots.take([0], driver.now + 10_000, from(driver.now + 10_000, seconds(6)));
    const begins = [seconds(8, 10), seconds(8, 10.5)].map((load) => after(driver, slots, 0, load));
    expect(begins).toEqual([0, 16]);
  });
});

describe('a load that runs', () => {
  it('keeps its slots for as long as it should take yet', () => {
    const driver = aDriver().loadsTake('a', 4_000);
    driver.resolve('a');
    driver.pass(1_000);
    const [device] = driver.fleet.replicas.get(`a@${T}` as never)!.devices;
    const slots = slotsOf(driver);
    expect([after(driver, slots, device!), after(driver, slots, (device! + 1) % 3)]).toEqual([3, 0]);
  });

  it('keeps a slot of the server for an unknown time once it is overdue, and none of its devices', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 300 });
    driver.pass(5_000);
    const slots = slotsOf(driver);
    expect([0, 1, 2].map((device) => after(driver, slots, device))).toEqual([0, 0, 0]);
    slots.take([0], driver.now, from(driver.now, seconds(8)));
    expect([0, 1, 2].map((device) => after(driver, slots, device))).toEqual([8, 8, 8]);
  });

  it('leaves a slot free or not', () => {
    const driver = aDriver();
    const server = driver.fleet.servers.get(T)!;
    const slots = slotsOf(driver);
    const isFree = [0, 1].map((device) => {
      slots.take([device], driver.now, from(driver.now, seconds(8)));
      return slots.isAnyFree(server);
    });
    expect(isFree).toEqual([true, false]);
  });
});

describe('how sure the moment is', () => {
  it('depends on the loads before it on the slot: the P90 adds the root of the squares', () => {
    const driver = aDriver();
    const slots = slotsOf(driver);
    slots.take([0], driver.now, from(driver.now, seconds(10, 13)));
    const second = slots.earliest([0], driver.now, seconds(10, 14));
    slots.take([0], second.at, readyAfter(second, second.at, seconds(10, 14)));
    const third = slots.earliest([0], driver.now, seconds(10, 22));
    const ready = readyAfter(third, third.at, seconds(10, 22));
    expect([ready.p50 - driver.now, ready.p90 - driver.now]).toEqual([30_000, 43_000]);
  });

  it('does not depend on a load that has ended nine times of ten by then', () => {
    const driver = aDriver();
    const slots = slotsOf(driver);
    slots.take([0], driver.now, from(driver.now, seconds(10, 13)));
    const variances = [12_000, 13_000].map(
      (later) => slots.earliest([0], driver.now + later, seconds(1)).variance,
    );
    expect(variances).toEqual([9_000_000, 0]);
  });
});
