import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount, type ModelId, replicaId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { ModelSettings } from '../fleet/model.js';

const SERVER = aServer('t').id;
const GPU = gpuAccount(SERVER, 0);
const REST = 25_000;
/** How long nothing that did not fit is tried on an unmeasured device. */
const UNMEASURED = 60_000;

type Parts = Partial<ModelSettings>;

/** A server with one GPU of 20, of which so much is in use, or which is not measured. */
function aDriver(used: number | null, sizes: Readonly<Record<string, Parts>>, headroom = 0): CoreDriver {
  const models = Object.entries(sizes).map(([id, parts]) => aModel(id, { idleUnload: null, ...parts }));
  const spec = aServer('t', [20]);
  const devices = spec.devices!.map((device) => ({ ...device, headroom }));
  const driver = new CoreDriver().declare(...models).serve({ ...spec, devices }, Object.keys(sizes));
  show(driver, used);
  driver.pass(REST);
  return driver;
}

function show(driver: CoreDriver, used: number | null): void {
  driver.shelf('t').gpus = used === null ? null : [{ uuid: 't-0', memory: 20, used }];
}

const SIZES = { a: { gpuBytes: 10 }, b: { gpuBytes: 4 } };
const ledger = ({ fleet, now }: CoreDriver) => new Ledger(fleet, new Now(now));

/** A load of a model runs out of memory. */
function runsOut(driver: CoreDriver, model: string): void {
  driver.resolve(model);
  driver.loadEnds(model, 't', 'capacity');
}

describe('a load that ran out of memory where the books had room', () => {
  it('keeps every other load off the device until a look shows what is in use since', () => {
    const driver = aDriver(0, SIZES);
    runsOut(driver, 'a');
    driver.resolve('b');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t']);
    show(driver, 17);
    driver.pass(REST);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('is no more than one try where there is room after all', () => {
    const driver = aDriver(0, { a: { gpuBytes: 10 }, b: { gpuBytes: 20 } });
    driver.resolve('a', { wait: 1_000 });
    driver.loadEnds('a', 't', 'capacity');
    driver.resolve('b');
    driver.pass(5_000);
    expect(driver.orders()).toContain('load b@t');
    expect(driver.fleet.shortfalls.size).toBe(0);
  });

  it('does not let a look that may be from before say that there is room', () => {
    const driver = aDriver(0, SIZES);
    runsOut(driver, 'a');
    driver.pass(2_900);
    expect(ledger(driver).free(GPU)).toBe(0);
  });

  it('leaves what others may hold open until the loads at work are seen', () => {
    const driver = aDriver(0, SIZES);
    runsOut(driver, 'a');
    show(driver, 12);
    driver.pass(5_000);
    expect(ledger(driver).free(GPU)).toBe(8);
  });

  it('closes the device, too, where a look has counted some of others meanwhile: more may hide behind what it books', () => {
    const driver = aDriver(0, SIZES, 5);
    driver.resolve('a');
    show(driver, 17);
    driver.pass(5_000);
    expect(ledger(driver).free(GPU)).toBeLessThan(0);
    driver.loadEnds('a', 't', 'capacity');
    driver.resolve('b');
    driver.pass(REST);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('that failed for another cause says nothing of memory', () => {
    const driver = aDriver(0, SIZES);
    driver.resolve('a');
    driver.loadEnds('a', 't', 'transient');
    expect(driver.fleet.shortfalls.size).toBe(0);
  });
});

describe('a load that ran out of memory on an unmeasured device', () => {
  it('leaves less room than it had asked for, for a minute', () => {
    const driver = aDriver(null, SIZES);
    runsOut(driver, 'a');
    driver.pass(1_000);
    expect(ledger(driver).spare(GPU)).toBe(9);
    driver.resolve('b');
    expect(driver.orders()).toContain('load b@t');
    driver.pass(UNMEASURED);
    expect(ledger(driver).of(GPU).capacity).toBe(20);
  });

  it('keeps every load off that does not fit beside it while it may hold its memory still', () => {
    const driver = aDriver(null, { a: { gpuBytes: 4 }, b: { gpuBytes: 10 } });
    runsOut(driver, 'a');
    expect(driver.fleet.replicas.get(replicaId('a' as ModelId, SERVER))?.phase).toBe('unknown');
    driver.resolve('b');
    expect(driver.orders()).toEqual(['load a@t']);
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t']);
    expect(ledger(driver).free(GPU)).toBe(3);
  });

  it('closes the device no longer for what its own model takes beyond its booking', () => {
    const driver = aDriver(null, { a: { gpuBytes: 1 } });
    runsOut(driver, 'a');
    expect(driver.fleet.shortfalls.size).toBe(1);
    driver.pass(UNMEASURED);
    runsOut(driver, 'a');
    expect(driver.fleet.shortfalls.size).toBe(0);
  });
});
