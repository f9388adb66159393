import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Limits } from '../fleet/fleet.js';

const E = aModel('e').id;
const S = aModel('s').id;
const TINY = { gpuBytes: 1 };

function limit(driver: CoreDriver, limits: Partial<Limits>): CoreDriver {
  const { defaults } = driver.fleet;
  driver.tell({ kind: 'LimitsSet', limits: { ...driver.fleet.limits, ...limits }, defaults });
  return driver;
}

describe('a load', () => {
  it('has as long as its model is given', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { loadTimeout: 7_000 }))
      .serve(aServer('t', [10]), ['a']);
    driver.resolve('a');
    expect(driver.log).toMatchObject([{ kind: 'load', timeout: 7_000, coLoaded: [] }]);
  });

  it('of an ensemble takes one slot, whatever it brings', () => {
    const driver = new CoreDriver()
      .declare(aModel('e', TINY), aModel('s', TINY), aModel('a', TINY))
      .serve(aServer('t', [10]), ['e', 's', 'a']);
    limit(driver, { loadsPerServer: 2, loadsPerDevice: 9 });
    driver.tell({ kind: 'StepsRemembered', model: E, steps: [S] });
    driver.resolve('e');
    driver.resolve('a');
    expect(driver.orders()).toEqual(['load e@t', 'load a@t']);
  });

  it('does not begin in the turn in which another has taken the last slot of its server', () => {
    const names = ['a', 'b', 'c'];
    const driver = new CoreDriver();
    limit(driver, { loadsPerServer: 2, loadsPerDevice: 9 });
    driver
      .declare(...names.map((name) => aModel(name, { ...TINY, pinnedCopies: 1 })))
      .serve(aServer('t', [10]), names);
    expect(driver.orders()).toEqual(['load a@t', 'load b@t']);
    driver.loadEnds('b', 't');
    expect(driver.orders()).toEqual(['load a@t', 'load b@t', 'load c@t']);
  });

  it('that is stuck keeps the slot of its server', () => {
    const driver = new CoreDriver()
      .declare(...['a', 'b', 'c'].map((name) => aModel(name, { ...TINY, loadTimeout: 5_000 })))
      .serve(aServer('t', [10]), ['a', 'b', 'c']);
    limit(driver, { loadsPerServer: 2, loadsPerDevice: 9 });
    driver.resolve('a', { wait: 300 });
    driver.pass(5_000);
    driver.resolve('b');
    driver.resolve('c');
    expect(driver.orders()).toEqual(['load a@t', 'load b@t']);
  });
});

/** One load at a time. `patient` waits for 5 s for its memory, and `hasty` for 8 s, with the earlier deadline. */
function inEachOthersWay(patientLoads: number): CoreDriver {
  const driver = new CoreDriver();
  limit(driver, { loadsPerServer: 1 });
  for (const [name, gpuBytes] of Object.entries({ x: 4, y: 4, patient: 4, hasty: 6 }))
    driver.declare(aModel(name, { gpuBytes, config: '{}' })).loadsTake(name, 8_000);
  driver
    .loadsTake('patient', patientLoads)
    .serve(aServer('t', [4, 6]), ['x', 'y', 'patient', 'hasty'])
    .warm('x', 't')
    .warm('y', 't')
    .unloadsTake('t', 1_000);
  driver.pass(60_000);
  driver.resolve('x', { lease: 5_000 });
  driver.resolve('y', { lease: 8_000 });
  driver.resolve('patient', { wait: 60_000 });
  driver.resolve('hasty', { wait: 20_000 });
  return driver;
}

describe('a load whose memory comes free', () => {
  it('does not begin where a promise would wait for its end', () => {
    const driver = inEachOthersWay(8_000);
    driver.pass(10_000);
    driver.loadEnds('hasty', 't');
    expect(driver.orders().slice(2)).toEqual(['unload x@t', 'unload y@t', 'load hasty@t', 'load patient@t']);
  });

  it('begins where that promise is sure to be broken', () => {
    const driver = inEachOthersWay(20_000);
    driver.unloadsTake('t', 60_000).pass(6_000);
    expect(driver.orders().slice(2)).toEqual(['unload x@t', 'load patient@t']);
  });
});

it('the first memory that leaves is for the load of the higher class, whichever promises of lower ones wait for its end', () => {
  const driver = new CoreDriver();
  limit(driver, { loadsPerServer: 1 });
  const sizes = { x: 3, y: 3, z: 3, first: 3, lofty: 3, third: 3 };
  for (const [name, gpuBytes] of Object.entries(sizes))
    driver.declare(aModel(name, { gpuBytes, config: '{}' })).loadsTake(name, 1_000);
  driver.loadsTake('lofty', 3_000);
  // Where there are ensembles no place is preempted.
  driver.declare(aModel('e', { dependsOn: [S] }));
  driver.serve(aServer('t', [6, 3]), Object.keys(sizes)).unloadsTake('t', 1_000);
  for (const name of ['z', 'x', 'y']) driver.warm(name, 't');
  driver.pass(60_000);
  driver.resolve('x', { lease: 5_000 });
  driver.resolve('z', { lease: 6_000 });
  driver.resolve('y', { lease: 20_000 });
  for (const name of ['first', 'third']) driver.resolve(name, { wait: 60_000 });
  driver.pass(100);
  driver.resolve('lofty', { wait: 60_000, class: 'critical' });
  driver.pass(5_500);
  expect(driver.orders().slice(3)).toEqual(['unload x@t', 'load lofty@t']);
});

describe('a step that an ensemble was to bring', () => {
  it('is ready before an ensemble is loaded that needs it and does not bring it', () => {
    const driver = new CoreDriver()
      .declare(aModel('e', TINY), aModel('f', { ...TINY, dependsOn: [S] }), aModel('s', TINY))
      .serve(aServer('t', [10]), ['e', 'f', 's']);
    limit(driver, { loadsPerServer: 9, loadsPerDevice: 9 });
    driver.tell({ kind: 'StepsRemembered', model: E, steps: [S] });
    driver.resolve('e');
    driver.resolve('f');
    expect(driver.orders()).toEqual(['load e@t']);
    driver.loadEnds('e', 't');
    expect(driver.orders()).toEqual(['load e@t', 'load f@t']);
  });

  it('counts as ours when it is found there', () => {
    const driver = new CoreDriver()
      .declare(aModel('e', TINY), aModel('s', { ...TINY, idleUnload: 20_000 }))
      .serve(aServer('t', [10]), ['e', 's']);
    driver.tell({ kind: 'StepsRemembered', model: E, steps: [S] });
    driver.resolve('e');
    driver.loadEnds('e', 't');
    expect(driver.fleet.servers.get(aServer('t').id)?.ordered).toEqual(new Set(['e', 's']));
  });
});
