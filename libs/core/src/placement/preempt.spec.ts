import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

/** `old` (8) leaves the GPU of 10 when its lease of 30 s ends. */
function leaving(sizes: Readonly<Record<string, number>> = { low: 6, high: 6 }): CoreDriver {
  const names = Object.keys(sizes);
  const driver = new CoreDriver()
    .declare(aModel('old', { gpuBytes: 8 }), ...names.map((name) => aModel(name, { gpuBytes: sizes[name]! })))
    .serve(aServer('t'), ['old', ...names]);
  driver.warm('old', 't').resolve('old', { lease: 30_000 });
  driver.tell({ kind: 'UnloadOrdered', model: aModel('old').id, force: false });
  return driver;
}

const phases = (driver: CoreDriver, ...names: string[]): unknown[] =>
  names.map((name) => driver.phase(name, 't'));

describe('a place whose load has not begun', () => {
  it('goes to a higher class that could have its memory; its own request waits on', () => {
    const driver = leaving();
    const low = driver.resolve('low');
    expect(phases(driver, 'low', 'high')).toEqual(['placed', undefined]);
    driver.pass(1);
    const high = driver.resolve('high', { class: 'critical' });
    expect(phases(driver, 'low', 'high')).toEqual([undefined, 'placed']);
    driver.pass(31_000);
    driver.loadEnds('high', 't');
    expect([driver.answerTo(high), driver.answerTo(low)]).toEqual(['t', 'waiting']);
    driver.pass(15_000);
    driver.loadEnds('low', 't');
    expect(driver.answerTo(low)).toBe('t');
  });

  it('stays where the higher class would be too late there all the same, and is refused', () => {
    const driver = leaving();
    driver.resolve('low');
    driver.pass(1);
    const high = driver.resolve('high', { class: 'critical', wait: 20_000 });
    expect([driver.phase('low', 't'), driver.answerTo(high)]).toEqual(['placed', 'no_capacity']);
  });

  it('is kept at the instant at which it was given', () => {
    const driver = leaving();
    driver.resolve('low');
    driver.resolve('high', { class: 'critical' });
    expect(phases(driver, 'low', 'high')).toEqual(['placed', undefined]);
  });

  it('is kept against its own class', () => {
    const driver = leaving();
    driver.resolve('low');
    driver.pass(1);
    driver.resolve('high');
    expect(phases(driver, 'low', 'high')).toEqual(['placed', undefined]);
  });

  it('goes together with others of its server to a higher class that needs the memory of all', () => {
    const driver = leaving({ low: 4, also: 4, high: 8 });
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevice: 2 };
    const lower = ['low', 'also'].map((name) => driver.resolve(name));
    expect(phases(driver, 'low', 'also', 'high')).toEqual(['placed', 'placed', undefined]);
    driver.pass(1);
    const high = driver.resolve('high', { class: 'critical', wait: 45_000 });
    expect(phases(driver, 'low', 'also', 'high')).toEqual([undefined, undefined, 'placed']);
    driver.pass(31_000);
    driver.loadEnds('high', 't');
    expect(driver.answerTo(high)).toBe('t');
    expect(lower.map((one) => driver.answerTo(one))).toEqual(['waiting', 'waiting']);
  });

  it('is kept where both fit', () => {
    const driver = leaving({ low: 5, high: 5 });
    driver.resolve('low');
    driver.pass(1);
    driver.resolve('high', { class: 'critical' });
    expect(driver.phase('low', 't')).toBe('placed');
  });

  it('is kept where an admin has ordered its load', () => {
    const driver = leaving();
    driver.tell({ kind: 'LoadOrdered', model: aModel('low').id, until: driver.now + 60_000 });
    driver.pass(1);
    driver.resolve('high', { class: 'critical' });
    expect(phases(driver, 'low', 'high')).toEqual(['placed', undefined]);
  });

  it('is kept once its load has begun', () => {
    const driver = leaving();
    driver.resolve('low');
    driver.pass(31_000);
    driver.pass(1);
    driver.resolve('high', { class: 'critical' });
    expect(phases(driver, 'low', 'high')).toEqual(['loading', undefined]);
  });

  it('is kept where its memory and that of others would not be enough', () => {
    const driver = leaving({ low: 6, high: 12 });
    driver.resolve('low');
    driver.pass(1);
    driver.resolve('high', { class: 'critical' });
    expect(driver.phase('low', 't')).toBe('placed');
  });
});
