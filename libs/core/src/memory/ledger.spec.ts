import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { type AccountId, gpuAccount, hostAccount } from '../fleet/ids.js';
import { capacities, Ledger, sumOf } from './ledger.js';

const T = aServer('t').id;
const GPU = gpuAccount(T, 0);
const HOST = hostAccount('node');

const bookingOn = (account: AccountId, bytes: number) => [{ account, bytes }];

/** What is spare on the only device. */
const spare = ({ fleet, now }: CoreDriver): number => new Ledger(fleet, new Now(now)).spare(GPU);
const free = ({ fleet, now }: CoreDriver): number => new Ledger(fleet, new Now(now)).free(GPU);

describe('the memory of a device', () => {
  const aDriver = (): CoreDriver =>
    new CoreDriver().declare(aModel('a'), aModel('b')).serve(aServer('t', [10]), ['a', 'b']);

  it('is enough for what fills it to the last byte, and not for one more', () => {
    const ledger = new Ledger(aDriver().fleet);
    expect([ledger.fitsFree(bookingOn(GPU, 10)), ledger.fitsFree(bookingOn(GPU, 11))]).toEqual([true, false]);
    expect([ledger.fitsSpare(bookingOn(GPU, 10)), ledger.fitsSpare(bookingOn(GPU, 11))]).toEqual([
      true,
      false,
    ]);
  });

  it('is enough only where each of the accounts has room', () => {
    const ledger = new Ledger(aDriver().fleet);
    const both = (one: number, other: number) => [
      ...bookingOn(GPU, one),
      ...bookingOn(gpuAccount(T, 1), other),
    ];
    ledger.promise(both(9, 9));
    expect([ledger.fitsSpare(both(1, 1)), ledger.fitsSpare(both(2, 1))]).toEqual([true, false]);
  });

  it('is free where it is only promised, and spare where it is only being left', () => {
    const driver = aDriver().warm('a', 't');
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    expect([free(driver), spare(driver)]).toEqual([6, 10]);
    const ledger = new Ledger(driver.fleet, new Now(driver.now));
    ledger.promise(bookingOn(GPU, 5));
    expect([ledger.free(GPU), ledger.spare(GPU)]).toEqual([6, 5]);
    ledger.start(bookingOn(GPU, 5));
    expect([ledger.free(GPU), ledger.spare(GPU)]).toEqual([1, 5]);
  });

  it('is only promised to a copy that waits to be added, and held once its load began', () => {
    const copies = (pinnedCopies: number) => aModel('a', { config: '{}', pinnedCopies });
    const driver = new CoreDriver()
      .declare(copies(1), aModel('b', { config: '{}', gpuBytes: 18 }))
      .serve(aServer('t', [10, 20]), ['a', 'b']);
    const second = () => new Ledger(driver.fleet, new Now(driver.now)).of(gpuAccount(T, 1));
    driver.loadEnds('a', 't');
    driver.warm('b', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: false });
    driver.declare(copies(2));
    expect(second()).toMatchObject({ held: 18, promised: 4 });
    driver.pass(11_000);
    expect(second()).toMatchObject({ held: 4, promised: 0 });
  });

  it('is not spare where an unload is stuck', () => {
    const driver = aDriver().warm('a', 't');
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(340_000);
    expect(spare(driver)).toBe(10);
    driver.pass(20_000);
    expect(spare(driver)).toBe(6);
    const whenever = new Ledger(driver.fleet);
    expect(whenever.spare(GPU)).toBe(10);
  });
});

describe('the memory of a host', () => {
  const onHost = (hostMemory: number | null) => ({ host: 'node', hostMemory });

  it('is the smallest of what its servers tell', () => {
    const driver = new CoreDriver()
      .serve(aServer('t', [10], onHost(8)), [])
      .serve(aServer('u', [10], onHost(6)), [])
      .serve(aServer('v', [10], onHost(7)), []);
    expect(capacities(driver.fleet).get(HOST)).toBe(6);
  });

  it('has no end where none of them tells', () => {
    const driver = new CoreDriver().serve(aServer('t', [10], onHost(null)), []);
    expect(capacities(driver.fleet).has(HOST)).toBe(false);
    expect(new Ledger(driver.fleet).fitsFree(bookingOn(HOST, 1e15))).toBe(true);
  });

  it('is what was measured where a server has no GPU, unless less was told', () => {
    const withoutGpu = { ...onHost(null), devices: null };
    const driver = new CoreDriver().serve(aServer('t', [], withoutGpu), []);
    expect(capacities(driver.fleet).get(HOST)).toBe(1e12);
    const told = new CoreDriver().serve(aServer('u', [], { ...withoutGpu, hostMemory: 6 }), []);
    told.serve(aServer('t', [], withoutGpu), []);
    expect(capacities(told.fleet).get(HOST)).toBe(6);
  });
});

describe('a sum of bookings', () => {
  it('has each account once', () => {
    const sum = sumOf([bookingOn(GPU, 1), [...bookingOn(HOST, 2), ...bookingOn(GPU, 3)]]);
    expect(sum).toEqual([...bookingOn(GPU, 4), ...bookingOn(HOST, 2)]);
  });
});
