import { describe, expect, it } from '@jest/globals';
import { aPendingModel as aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { type Model, reservationOf } from '../index.js';
import { bookingsFor } from './footprint.js';

const MIB = 2 ** 20;
const A = aModel('a').id;
const S = aServer('s').id;

/** A server with one GPU of 8 GiB, and one model of which a copy was measured to take so many MiB, twice. */
function measured(mib: number, parts: Partial<Model>): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 2_048 * MIB, hostBytes: 10 * MIB, ...parts }))
    .serve(aServer('s', [8_192 * MIB]), ['a']);
  driver.tell({
    kind: 'FootprintRemembered',
    model: A,
    footprint: { peak: mib * MIB, times: 2, latest: [mib * MIB, mib * MIB] },
  });
  return driver;
}

const reserved = ({ fleet }: CoreDriver) => reservationOf(fleet, fleet.servers.get(S), A);

const booked = ({ fleet }: CoreDriver): string[] =>
  bookingsFor(fleet, fleet.servers.get(S)!, A, [0]).map(({ account, bytes }) => `${account}=${bytes / MIB}`);

describe('what a model books', () => {
  it('is learned downward where only its host memory was declared', () => {
    const driver = measured(500, { gpuDeclared: false, hostDeclared: true });
    expect(reserved(driver)).toEqual({ bytes: (500 + 256) * MIB, basis: 'measured' });
    expect(booked(driver)).toEqual(['gpu:s/0=756', 'host:s=10']);
  });

  it('is its limit where that was declared, whatever was said of the host', () => {
    const driver = measured(500, { gpuDeclared: true, hostDeclared: false });
    expect(reserved(driver)).toEqual({ bytes: 2_048 * MIB, basis: 'declared' });
  });

  it.each([
    { says: 'nothing', gpuDeclared: false, hostDeclared: false, books: [] },
    { says: 'its GPU memory', gpuDeclared: true, hostDeclared: false, books: ['gpu:s/0=2048'] },
    { says: 'its host memory', gpuDeclared: false, hostDeclared: true, books: ['host:s=10'] },
  ])('as an ensemble is what was declared: $says', ({ gpuDeclared, hostDeclared, books }) => {
    const driver = measured(0, { gpuDeclared, hostDeclared });
    driver.tell({ kind: 'StepsRemembered', model: A, steps: [aModel('b').id] });
    expect(booked(driver)).toEqual(books);
  });
});

describe('a model that is declared to need no GPU', () => {
  it('books nothing on one', () => {
    expect(booked(measured(0, { gpuBytes: 0 }))).toEqual(['host:s=10']);
  });

  it('is loaded beside a GPU that is overcommitted, and nothing leaves for it', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 0 }), aModel('full', { gpuBytes: 10 }))
      .serve(aServer('s', [10]), ['a', 'full'])
      .warm('full', 's');
    driver.declare(aModel('full', { gpuBytes: 12 }));
    driver.pass(60_000);
    driver.resolve('a');
    expect(driver.orders()).toEqual(['load full@s', 'load a@s']);
  });
});

describe('an ensemble that comes up unasked with its step', () => {
  function whileItsStepLoads(...found: string[]): CoreDriver {
    const driver = new CoreDriver()
      .declare(aModel('step'), aModel('e'))
      .serve(aServer('s', [20]), ['step', 'd', 'e']);
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [aModel('step').id] });
    driver.resolve('step');
    driver.tell({ kind: 'DrainOrdered', server: S, deadline: driver.now });
    for (const model of found) driver.shelf('s').set(model, 'READY');
    driver.pass(1_000);
    driver.loadEnds('step', 's');
    driver.pass(10_000);
    driver.pass(10_000);
    return driver;
  }

  it('is no step of that one: both leave a server that drains, the ensemble first', () => {
    expect(whileItsStepLoads('e').orders()).toEqual(['load step@s', 'unload e@s', 'unload step@s']);
  });

  it('is no step of what another client loads meanwhile', () => {
    expect(whileItsStepLoads('d', 'e').orders()).toEqual([
      'load step@s',
      'unload d@s',
      'unload e@s',
      'unload step@s',
    ]);
  });
});
