import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Cooldown } from '../fleet/fleet-state.js';
import { whyOf } from '../index.js';

const MANY = Array.from({ length: 12 }, (_, nth) => `m${nth}`);
const pinned = (id: string) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 });

/** One server with room for many small models and so many load slots. */
function aDriver(loadsPerServer: number): CoreDriver {
  const driver = new CoreDriver();
  const { limits } = driver.fleet;
  const { id: _, source: __, ...defaults } = aModel('default');
  driver.tell({ kind: 'LimitsSet', limits: { ...limits, loadsPerServer, loadsPerDevice: 4 }, defaults });
  return driver
    .serve(aServer('s', [1_000]), [...MANY, 'new', 'other'])
    .declare(aModel('new'), aModel('other'));
}

/** Lets time pass in which every load of these models fails as soon as it has begun. */
function allFail(driver: CoreDriver, millis: number): void {
  for (const end = driver.now + millis; driver.now < end; driver.pass(250)) {
    for (const model of MANY) if (driver.isLoading(model, 's')) driver.loadEnds(model, 's', 'transient');
  }
}

const why = ({ fleet, now }: CoreDriver, id: string) => whyOf(fleet, id as ModelId, new Now(now)).there[0]!;

describe('many models that only fail', () => {
  it('leave what never failed a load slot, though they are pinned', () => {
    const driver = aDriver(4).declare(...MANY.map(pinned));
    allFail(driver, 60_000);
    driver.resolve('new');
    expect(driver.isLoading('new', 's')).toBe(true);
  });
});

describe('a load that repeats a failed one, where a server has one slot', () => {
  let driver: CoreDriver;

  /** `m0` is pinned, and its load fails. Its back-off is over when `new` has just been loaded and `other` waits. */
  function failsOnce(): void {
    driver.declare(pinned('m0')).loadEnds('m0', 's', 'transient');
    for (const one of ['new', 'other']) driver.resolve(one, { wait: 600_000 });
    driver.pass(1_000);
    expect(driver.isLoading('new', 's')).toBe(true);
  }

  beforeEach(() => {
    driver = aDriver(1);
  });

  it('is behind what waits and never failed there, and says so', () => {
    failsOnce();
    expect(why(driver, 'm0')).toMatchObject({
      ...{ verdict: 'cooling_down', until: null },
      cooldown: { by: 'last_slot', cause: 'transient', until: null },
    });
    driver.loadEnds('new', 's');
    expect([driver.isLoading('other', 's'), driver.isLoading('m0', 's')]).toEqual([true, false]);
    driver.loadEnds('other', 's');
    expect(driver.isLoading('m0', 's')).toBe(true);
  });

  it('goes first again once it has starved', () => {
    failsOnce();
    driver.pass(30_000);
    driver.loadEnds('new', 's');
    expect(driver.isLoading('m0', 's')).toBe(true);
  });

  it('is none where memory ran out, which is never ordered where the books have no room', () => {
    failsOnce();
    const [[id, failed]] = [...driver.fleet.cooldowns] as [[ReplicaId, Cooldown]];
    driver.fleet.cooldowns.set(id, { ...failed, cause: 'capacity' });
    driver.loadEnds('new', 's');
    expect(driver.isLoading('m0', 's')).toBe(true);
  });

  it('is none once an admin orders it', () => {
    failsOnce();
    driver.tell({ kind: 'LoadOrdered', model: 'm0' as ModelId, until: driver.now + 60_000 });
    driver.loadEnds('new', 's');
    expect(driver.isLoading('m0', 's')).toBe(true);
  });

  it('is none where a request was promised it after it failed', () => {
    for (const one of ['m0', 'new', 'other']) driver.loadsTake(one, 5_000);
    driver.resolve('m0', { wait: 600_000 });
    driver.loadEnds('m0', 's', 'transient');
    driver.resolve('other', { wait: 600_000 });
    driver.pass(1_000);
    const request = driver.resolve('m0', { wait: 60_000 });
    expect(driver.fleet.promises.get(request as never)).toBeGreaterThan(driver.now);
    driver.resolve('new', { wait: 600_000 });
    driver.loadEnds('other', 's');
    expect([driver.isLoading('m0', 's'), driver.isLoading('new', 's')]).toEqual([true, false]);
  });
});
