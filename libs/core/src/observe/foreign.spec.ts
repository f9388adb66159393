import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';

const SERVER = aServer('t').id;
const GPU = gpuAccount(SERVER, 0);
/** Long enough for two looks at rest, wherever they begin. */
const REST = 25_000;
/** Long enough for two looks beside an open order, or one look more at a server at which none is open. */
const TWO_LOOKS = 2_500;

/** A server with one GPU of 20 of which so much is in use, and models of 4 that stay. */
function aDriver(used = 0, models = ['a', 'b', 'c']): CoreDriver {
  const driver = new CoreDriver()
    .declare(...models.map((id) => aModel(id, { gpuBytes: 4, idleUnload: null })))
    .serve(aServer('t', [20]), models);
  show(driver, used);
  driver.pass(REST);
  return driver;
}

function show(driver: CoreDriver, used: number): void {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory: 20, used }];
}

const meter = (driver: CoreDriver) => driver.fleet.servers.get(SERVER)!.meters.get(0)!;
const ledger = ({ fleet, now }: CoreDriver) => new Ledger(fleet, now);
const unload = (driver: CoreDriver, id: string) =>
  driver.tell({ kind: 'UnloadOrdered', model: aModel(id).id, force: true });

describe('memory of others on a device that does not rest', () => {
  it('is at least what not even the load at work explains, as soon as two looks say so', () => {
    const driver = aDriver(1);
    driver.resolve('a');
    show(driver, 12);
    driver.pass(500);
    expect([meter(driver).foreign, ledger(driver).free(GPU)]).toEqual([1, 4]);
    driver.pass(TWO_LOOKS);
    expect(meter(driver).foreign).toBe(8);
    expect(ledger(driver).spare(GPU)).toBe(8);
  });

  it('may be all that the load at work does not yet surely hold, from the first look that shows more than that', () => {
    const driver = aDriver(1);
    driver.resolve('a');
    show(driver, 12);
    driver.pass(TWO_LOOKS);
    expect(ledger(driver).free(GPU)).toBe(4);
    driver.loadEnds('a', 't');
    driver.pass(7_000);
    expect(ledger(driver).free(GPU)).toBe(8);
  });

  it('is what it was as long as what is in use may be ours', () => {
    const driver = aDriver(1);
    driver.resolve('a');
    show(driver, 4);
    driver.pass(TWO_LOOKS);
    expect(meter(driver).foreign).toBe(1);
    expect(ledger(driver).free(GPU)).toBe(15);
  });

  it('is less with the next look that shows less in use than was counted', () => {
    const driver = aDriver(8);
    driver.resolve('a');
    show(driver, 3);
    driver.pass(TWO_LOOKS);
    expect(meter(driver).foreign).toBe(3);
    expect(ledger(driver).free(GPU)).toBe(13);
  });

  it('is what it was as far as what is booked for a copy beside a load shows in no look', () => {
    const driver = aDriver(8).warm('a', 't');
    driver.resolve('b');
    driver.pass(7_000);
    expect([driver.phase('b', 't'), meter(driver).foreign]).toEqual(['loading', 8]);
  });

  it('lets nothing begin that has no room beside what is in use', () => {
    const driver = aDriver(0).warm('a', 't').warm('b', 't');
    show(driver, 8);
    driver.pass(5_000);
    driver.resolve('c');
    show(driver, 16);
    driver.pass(500);
    driver.declare(aModel('d', { gpuBytes: 5, idleUnload: null }));
    driver.shelf('t').set('d', '');
    driver.loadEnds('c', 't');
    driver.resolve('d', { wait: 3_000 });
    driver.pass(REST);
    expect(driver.orders()).not.toContain('load d@t');
  });
});

describe('memory of others on a device at rest', () => {
  it('is not loaded into from the first look that shows more, and counts from the second', () => {
    const driver = aDriver(1);
    show(driver, 18);
    driver.pass(10_000);
    const { foreign } = meter(driver);
    expect(foreign === 18 || ledger(driver).free(GPU) === 2).toBe(true);
    driver.pass(2_500);
    expect(meter(driver).foreign).toBe(18);
  });
});

describe('memory of what has ended', () => {
  it('is waited for as long as a look may still show it, and does not count as memory of others', () => {
    const driver = aDriver(0, ['a', 'b', 'c']).warm('a', 't').warm('b', 't').warm('c', 't');
    show(driver, 12);
    driver.pass(REST);
    unload(driver, 'a');
    driver.pass(600);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(meter(driver)).toMatchObject({ foreign: 0, foreignWithin: { most: 4 } });
    expect([ledger(driver).free(GPU), ledger(driver).spare(GPU)]).toEqual([8, 12]);
    show(driver, 8);
    driver.pass(TWO_LOOKS);
    expect(meter(driver)).toMatchObject({ foreign: 0, late: 0 });
    expect(ledger(driver).free(GPU)).toBe(12);
  });

  it('beside a load at work is waited for, and no memory of others is doubted for it', () => {
    const driver = aDriver(0).warm('a', 't');
    show(driver, 4);
    driver.pass(REST);
    unload(driver, 'a');
    driver.resolve('b');
    driver.pass(5_000);
    expect([driver.phase('a', 't'), driver.phase('b', 't')]).toEqual([undefined, 'loading']);
    expect(meter(driver)).toMatchObject({ foreign: 0, foreignWithin: { most: 0 } });
    expect([ledger(driver).free(GPU), ledger(driver).spare(GPU)]).toEqual([12, 16]);
    driver.pass(5_000);
    expect(ledger(driver).free(GPU)).toBe(16);
  });

  it('that is late counts as others’ once no look can be from before, and until it comes back', () => {
    const driver = aDriver(0).warm('a', 't').warm('b', 't');
    show(driver, 8);
    driver.pass(REST);
    unload(driver, 'a');
    driver.pass(7_000);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(meter(driver).foreign).toBe(4);
    show(driver, 4);
    driver.pass(TWO_LOOKS);
    expect(meter(driver).foreign).toBe(0);
  });

  it('is not taken for memory that a look does not show yet: others are counted for as much as before', () => {
    const driver = aDriver(8).warm('a', 't');
    unload(driver, 'a');
    driver.pass(1_000);
    expect(meter(driver).foreign).toBe(8);
  });
});
