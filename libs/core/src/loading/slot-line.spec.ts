import { describe, expect, it } from '@jest/globals';
import { aModel, aServer } from '../../../../test/support/builders.js';
import { CoreDriver } from '../../../../test/support/core-driver.js';

const AGES = 61_000;
const NEWCOMERS = ['x', 'y', 'z'];

/** Three unused models fill one GPU, one load at a time. */
function fullServer(): CoreDriver {
  const old = ['a', 'b', 'c'];
  const driver = new CoreDriver();
  for (const name of [...old, ...NEWCOMERS]) driver.declare(aModel(name, { gpuBytes: 4 }));
  driver.serve(aServer('t', [12]), [...old, ...NEWCOMERS]);
  for (const name of old) {
    driver.resolve(name, { lease: 0 });
    driver.loadEnds(name, 't');
  }
  driver.pass(AGES);
  return driver;
}

describe('the line for load slots', () => {
  it('lets others leave for the load that is next, and for none behind it', () => {
    const driver = fullServer();
    for (const name of NEWCOMERS) driver.resolve(name, { wait: 50_000 });
    driver.pass(1_000);
    expect(NEWCOMERS.map((name) => driver.phase(name, 't'))).toEqual(['loading', 'placed', undefined]);
  });

  it('goes on when a load has ended', () => {
    const driver = fullServer();
    for (const name of NEWCOMERS) driver.resolve(name, { wait: 50_000 });
    driver.pass(1_000);
    driver.loadEnds('x', 't');
    driver.pass(11_000);
    expect(NEWCOMERS.map((name) => driver.phase(name, 't'))).toEqual(['ready', 'loading', 'placed']);
  });

  it('is waited for by requests whose model has no place yet', () => {
    const driver = fullServer();
    for (const name of NEWCOMERS) driver.loadsTake(name, 8_000);
    for (const name of ['x', 'y']) driver.resolve(name, { wait: 50_000 });
    driver.pass(1_000);
    const [early, late] = [driver.resolve('z', { wait: 22_900 }), driver.resolve('z', { wait: 23_000 })];
    expect(driver.answerTo(early)).toBe('deadline_unreachable');
    expect(driver.answerTo(late)).toBe('waiting');
  });

  it('counts a copy that is to come for what it is: beyond its pin, as no pin', () => {
    const driver = new CoreDriver();
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const name of ['a', 'c', 'x']) driver.declare(aModel(name, { gpuBytes: 4 }));
    driver.declare(aModel('p', { gpuBytes: 4, pinnedCopies: 1 })).serve(aServer('t', [4]), ['p']);
    driver.loadEnds('p', 't');
    driver
      .serve(aServer('u', [12]), ['a', 'c', 'p', 'x'])
      .warm('c', 'u')
      .pass(AGES);
    driver.resolve('a');
    driver.declare(aModel('p', { gpuBytes: 4, pinnedCopies: 1, minCopies: 2 }));
    expect([driver.phase('a', 'u'), driver.phase('p', 'u')]).toEqual(['loading', 'placed']);
    driver.resolve('x', { class: 'critical' });
    expect([driver.phase('c', 'u'), driver.phase('x', 'u')]).toEqual(['draining', 'placed']);
  });

  it('goes on while leases end of what is to leave: a load in it waits for the longer of both', () => {
    const driver = fullServer();
    for (const name of NEWCOMERS) driver.declare(aModel(name, { gpuBytes: 4, minResidency: 60_000 }));
    for (const name of NEWCOMERS) driver.loadsTake(name, 8_000);
    for (const name of ['x', 'y']) driver.resolve(name, { wait: 50_000 });
    driver.pass(1_000);
    driver.resolve('c', { lease: 20_000 });
    const [early, late] = [driver.resolve('z', { wait: 27_900 }), driver.resolve('z', { wait: 28_000 })];
    expect(driver.answerTo(early)).toBe('deadline_unreachable');
    expect(driver.answerTo(late)).toBe('waiting');
  });

  it.each([
    { rank: 'critical', phase: 'loading' },
    { rank: 'sheddable', phase: undefined },
  ] as const)(
    'that starving loads fill which wait for leases lets one that is $rank have its place: $phase',
    ({ rank, phase }) => {
      const driver = fullServer();
      for (const name of ['a', 'b', 'c', 'x', 'y'])
        driver.declare(aModel(name, { gpuBytes: 4, class: 'sheddable' }));
      driver.declare(aModel('z', { gpuBytes: 4, class: rank }));
      for (const name of ['a', 'b']) driver.resolve(name, { lease: 58_000 });
      driver.resolve('c', { lease: 35_000 });
      for (const name of ['x', 'y']) driver.resolve(name);
      driver.pass(36_000);
      expect(['x', 'y'].map((name) => driver.phase(name, 't'))).toEqual(['placed', 'placed']);
      driver.resolve('z', { wait: 20_000 });
      driver.pass(3_000);
      expect(driver.phase('z', 't')).toBe(phase);
    },
  );
});
