import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, WhyDevice, WhyThere } from '../index.js';
import { deviceFlags, serverFlags, whyOf } from '../index.js';

const WINDOW = 3_000;
/** Long enough for a clean sample, wherever looks begin. */
const REST = 25_000;

/** A GPU of 10 of which others hold nothing, and models of 6. */
function aDriver(...warm: readonly string[]): CoreDriver {
  const models = ['a', 'b', 'c'].map((id) => aModel(id, { gpuBytes: 6, idleUnload: null, config: '{}' }));
  const driver = new CoreDriver().declare(...models).serve(aServer('t', [10]), ['a', 'b', 'c']);
  show(driver, 0);
  driver.pass(REST);
  for (const id of warm) driver.warm(id, 't');
  show(driver, 6 * warm.length);
  return driver.pass(REST) && driver;
}

const show = (driver: CoreDriver, used: number): void => {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory: 10, used }];
};

function runsOut(driver: CoreDriver, model: string): void {
  driver.resolve(model, { wait: 1_000 });
  driver.pass(400);
  driver.loadEnds(model, 't', 'capacity');
}

/** The look that shows that the load which failed is not there. */
const SHOWN = 1_000;

const there = (driver: CoreDriver, model: string): WhyThere =>
  whyOf(driver.fleet, model as ModelId, new Now(driver.now)).there[0]!;
const device = (driver: CoreDriver, model: string): WhyDevice => there(driver, model).devices[0]!;

describe('a closed device, explained', () => {
  it('says since when, why, and when it should open; so does the verdict, and the load begins then', () => {
    const driver = aDriver();
    runsOut(driver, 'a');
    const [since, until] = [driver.now, driver.now + WINDOW];
    driver.pass(SHOWN);
    expect(device(driver, 'b')).toMatchObject({
      ...{ verdict: 'closed', until, flags: ['closed'] },
      ...{ closed: { since, because: 'ran_out', until } },
      ...{ memory: { free: 0, spare: 10 } },
    });
    expect(there(driver, 'b')).toMatchObject({ verdict: 'closed', until });
    driver.resolve('b');
    driver.pass(until - 1 - driver.now);
    expect(driver.isLoading('b', 't')).toBe(false);
    driver.pass(1);
    expect([driver.isLoading('b', 't'), device(driver, 'c').closed]).toEqual([true, null]);
  });

  it('is one where others would leave for the model, once it is open', () => {
    const driver = aDriver('c');
    expect(device(driver, 'b').verdict).toBe('room_by_eviction');
    driver.declare(aModel('a', { gpuBytes: 3, config: '{}' }));
    runsOut(driver, 'a');
    const until = driver.now + WINDOW;
    expect(device(driver, 'b')).toMatchObject({ verdict: 'closed', until, place: { victims: ['c@t'] } });
  });

  it('says what is wrong for longer first', () => {
    const driver = aDriver('c');
    driver.declare(aModel('a', { gpuBytes: 3, config: '{}' }));
    driver.declare(aModel('c', { gpuBytes: 6, minResidency: 90_000, config: '{}' }));
    runsOut(driver, 'a');
    expect(device(driver, 'b')).toMatchObject({ verdict: 'no_room', closed: { because: 'ran_out' } });
    expect(device(driver, 'c')).toMatchObject({ verdict: 'holds', closed: { because: 'ran_out' } });
  });

  it('has no forecast while a load that began before is under way', () => {
    const driver = aDriver();
    driver.declare(...['a', 'b', 'c'].map((id) => aModel(id, { gpuBytes: 3, config: '{}' })));
    const { limits, defaults } = driver.fleet;
    driver.tell({ kind: 'LimitsSet', limits: { ...limits, loadsPerDevice: 2 }, defaults });
    driver.resolve('b');
    runsOut(driver, 'a');
    expect(device(driver, 'c')).toMatchObject({ verdict: 'closed', until: null, closed: { until: null } });
  });

  it('of a start has room for what fits beside all that is in use', () => {
    const driver = new CoreDriver()
      .declare(aModel('small', { gpuBytes: 2, config: '{}' }), aModel('large', { gpuBytes: 8, config: '{}' }))
      .serve(aServer('t', [10]), ['small', 'large'], [{ uuid: 't-0', memory: 10, used: 5 }]);
    driver.pass(1_000);
    expect(device(driver, 'small')).toMatchObject({
      ...{ verdict: 'room', flags: ['closed'] },
      ...{ closed: { because: 'not_known_yet' }, memory: { foreign: null, free: 5 } },
    });
    expect(device(driver, 'large')).toMatchObject({ verdict: 'closed', until: expect.any(Number) });
  });
});

describe('flags of memory', () => {
  it('say that a device is closed, that memory comes back late, and that its metrics do', () => {
    const driver = aDriver();
    const server = driver.fleet.servers.get(aServer('t').id)!;
    const flags = () => serverFlags(driver.fleet, server, new Now(driver.now));
    expect([flags(), deviceFlags(server, server.devices![0]!, { capacity: 10, held: 0 })]).toEqual([[], []]);
    server.strikes = [driver.now - 500_000, driver.now];
    server.lateReadings = [driver.now, driver.now, driver.now];
    expect(flags()).toEqual(['memory_late', 'metrics_late']);
    expect(there(driver, 'a').flags).toEqual(['memory_late', 'metrics_late']);
    server.strikes = [driver.now - 700_000, driver.now];
    expect(flags()).toEqual(['metrics_late']);
  });
});
