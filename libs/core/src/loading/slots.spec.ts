import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aPendingModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Millis } from '../fleet/model.js';
import { SOON } from '../learned/closing.js';
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

describe('a load whose config is pending', () => {
  const PENDING = true;

  function behind(...begins: readonly Millis[]): Slots {
    const driver = aDriver();
    const slots = slotsOf(driver);
    for (const [nth, begin] of begins.entries())
      slots.take([nth], driver.now + begin, from(driver.now + begin, seconds(8)), PENDING);
    return slots;
  }
  const begins = (slots: Slots, device: number, isPending: boolean, load = seconds(1)): Millis =>
    slots.earliest([device], aDriver().now, load, isPending).at - aDriver().now;

  it('waits for its turn, and known ones do not', () => {
    const slots = behind(0);
    expect([begins(slots, 2, PENDING), begins(slots, 2, !PENDING)]).toEqual([8_000, 0]);
  });

  it('takes a turn that holds its P90', () => {
    const slots = behind(10_000);
    expect([10_000, 10_001].map((p90) => begins(slots, 2, PENDING, { p50: 8_000, p90 }))).toEqual([
      0, 18_000,
    ]);
  });

  it('leaves the other slot to known ones, however many take turns', () => {
    expect(begins(behind(0, 8_000), 2, !PENDING, seconds(20))).toBe(0);
  });

  it('keeps what has emptied meanwhile from being unloaded, and nothing before or after', () => {
    const { now } = aDriver();
    const slots = behind(10_000);
    const unloads = [9_999, 10_000, 17_999, 18_000].map((at) => slots.unloadFrom(now + at).p50 - now);
    expect(unloads).toEqual([9_999, 18_000, 18_000, 18_000]);
  });

  it('leaves what came up beside it a slot of its own', () => {
    const driver = new CoreDriver()
      .declare(aPendingModel('a'), aPendingModel('step'))
      .serve(aServer('t', [10, 10, 10]), ['a', 'step'])
      .loadsTake('a', 30_000);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 2, loadsPerDevice: 4 };
    driver.resolve('a');
    driver.shelf('t').set('step', 'LOADING');
    driver.pass(1_000);
    expect(driver.phase('step', 't')).toBe('unknown');
    expect(slotsOf(driver).isAnyFree(driver.fleet.servers.get(T)!)).toBe(false);
  });

  it('waits a moment for the config of one that has just ended', () => {
    const driver = new CoreDriver()
      .declare(aPendingModel('a'))
      .serve(aServer('t', [10, 10, 10]), ['a'])
      .loadsTake('a', 4_000);
    driver.resolve('a');
    driver.pass(4_000);
    driver.loadEnds('a', 't');
    expect(slotsOf(driver).earliest([1], driver.now, seconds(1), PENDING).at).toBe(driver.now + SOON);
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
