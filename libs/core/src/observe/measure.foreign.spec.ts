import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../fleet/ids.js';
import { foreignOn } from '../fleet/meter.js';
import { Ledger } from '../memory/ledger.js';

const SERVER = aServer('t').id;
const GPU = gpuAccount(SERVER, 0);
/** Long enough for a clean sample, wherever looks begin. */
const REST = 25_000;
/** Long enough for a look beside an open order. */
const A_LOOK = 600;

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

const foreign = (driver: CoreDriver) => foreignOn(driver.fleet.servers.get(SERVER)!, 0);
const free = ({ fleet, now }: CoreDriver) => new Ledger(fleet, new Now(now)).free(GPU);
const unload = (driver: CoreDriver, id: string) =>
  driver.tell({ kind: 'UnloadOrdered', model: aModel(id).id, force: true });

describe('memory of others on a device on which a load is at work', () => {
  it('is at least what not even that load explains, as soon as one look says so', () => {
    const driver = aDriver(1);
    driver.resolve('a');
    const { lateMemoryAt: before } = driver.fleet.servers.get(SERVER)!;
    show(driver, 12);
    driver.pass(A_LOOK);
    expect([foreign(driver), free(driver)]).toEqual([8, 8]);
    expect(driver.fleet.servers.get(SERVER)!.lateMemoryAt).toBeGreaterThan(before);
  });

  it('is what it was as long as what is in use may be ours', () => {
    const driver = aDriver(1);
    driver.resolve('a');
    show(driver, 5);
    driver.pass(A_LOOK);
    expect([foreign(driver), free(driver)]).toEqual([1, 15]);
  });

  it('is less with the first look that shows less in use than was counted', () => {
    const driver = aDriver(8);
    driver.resolve('a');
    show(driver, 3);
    driver.pass(A_LOOK);
    expect([foreign(driver), free(driver)]).toEqual([3, 13]);
  });

  it('rises again at once: no earlier look keeps it down', () => {
    const driver = aDriver(8);
    driver.resolve('a');
    show(driver, 3);
    driver.pass(A_LOOK);
    show(driver, 14);
    driver.pass(A_LOOK);
    expect(foreign(driver)).toBe(10);
  });

  it('is no less for a copy that came up within the window, which the reading may not show', () => {
    const driver = aDriver(8).warm('a', 't');
    driver.pass(2_500);
    expect(foreign(driver)).toBe(8);
    show(driver, 12);
    driver.pass(REST);
    expect(foreign(driver)).toBe(8);
  });

  it('is no less for a copy, either, that came up within the window and is to leave again', () => {
    const driver = aDriver(8).warm('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    driver.pass(2_500);
    expect([driver.phase('a', 't'), foreign(driver)]).toEqual(['draining', 8]);
  });

  it('lets a load begin at once into what has just been unloaded', () => {
    const driver = aDriver(0, ['a', 'b', 'c', 'd', 'e', 'f']);
    for (const id of ['a', 'b', 'c', 'd', 'e']) driver.warm(id, 't');
    show(driver, 20);
    driver.pass(REST);
    driver.resolve('f');
    unload(driver, 'a');
    driver.pass(A_LOOK);
    expect(driver.orders().slice(-2)).toEqual(['unload a@t', 'load f@t']);
  });
});

describe('memory of others on a device at rest', () => {
  it('is what no replica explains with the next clean sample', () => {
    const driver = aDriver(1).warm('a', 't');
    show(driver, 4);
    driver.pass(REST);
    show(driver, 18);
    driver.pass(2_000);
    expect(foreign(driver)).toBe(15);
  });
});

describe('memory of what has ended', () => {
  it('does not count as memory of others as long as a reading may still show it', () => {
    const driver = aDriver(0).warm('a', 't').warm('b', 't').warm('c', 't');
    show(driver, 12);
    driver.pass(REST);
    unload(driver, 'a');
    driver.pass(A_LOOK);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect([foreign(driver), free(driver)]).toEqual([0, 12]);
  });

  it('that is late counts as others’ once no reading can be from before, and until it comes back', () => {
    const driver = aDriver(0).warm('a', 't').warm('b', 't');
    show(driver, 8);
    driver.pass(REST);
    unload(driver, 'a');
    driver.pass(7_000);
    expect(foreign(driver)).toBe(4);
    show(driver, 4);
    driver.pass(REST);
    expect(foreign(driver)).toBe(0);
  });
});

describe('what processes of a server that was killed still hold', () => {
  it('is memory of others from the first look at the next process on', () => {
    const driver = aDriver(0).warm('a', 't');
    for (const fact of ['ended', 'refused'] as const)
      driver.tell({ kind: 'ContactChanged', server: SERVER, fact });
    for (const model of ['a', 'b', 'c']) driver.shelf('t').set(model, '');
    show(driver, 4);
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'connected' });
    expect([driver.phase('a', 't'), foreign(driver), free(driver)]).toEqual([undefined, 4, 16]);
  });
});

it('memory of others is not taken for that of a copy whose row has vanished, and which is still booked', () => {
  const driver = aDriver(8).warm('a', 't');
  show(driver, 10);
  driver.pass(REST);
  driver.shelf('t').states.delete(aModel('a').id);
  driver.pass(A_LOOK);
  show(driver, 8);
  driver.pass(REST);
  expect([driver.phase('a', 't'), foreign(driver), free(driver)]).toEqual(['unknown', 8, 8]);
});
