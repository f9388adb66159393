import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

/**
 * `a` is warm on `u`. There is room for it on `t`, once a load of a minute has ended there; on `v` there would be room at once
 * if `w` left.
 */
function aDriver(): CoreDriver {
  const driver = new CoreDriver();
  for (const name of ['a', 'w', 'long']) driver.declare(aModel(name, { idleUnload: null }));
  driver.loadsTake('a', 5_000).loadsTake('w', 5_000).loadsTake('long', 60_000);
  driver.serve(aServer('u', [5]), ['a']).warm('a', 'u');
  driver
    .serve(aServer('v', [5]), ['w', 'a'])
    .warm('w', 'v')
    .pass(60_000);
  driver.serve(aServer('t', [9]), ['long', 'a']);
  driver.resolve('long', { wait: 0 });
  expect(driver.isLoading('long', 't')).toBe(true);
  return driver;
}

const drain = (driver: CoreDriver, within: number | null): void => {
  const deadline = within === null ? null : driver.now + within;
  driver.tell({ kind: 'DrainOrdered', server: aServer('u').id, deadline });
  driver.pass(5_000);
};

describe('what a draining server is to be rid of', () => {
  it.each([null, 120_000])(
    'takes free memory, though the slot is free later (drained within %j ms)',
    (within) => {
      const driver = aDriver();
      drain(driver, within);
      expect([driver.phase('w', 'v'), driver.phase('a', 'v')]).toEqual(['ready', undefined]);
      driver.loadEnds('long', 't');
      expect(driver.isLoading('a', 't')).toBe(true);
      driver.loadEnds('a', 't');
      expect(driver.phase('w', 'v')).toBe('ready');
    },
  );

  it('has others leave for it where it would be too late elsewhere', () => {
    const driver = aDriver();
    drain(driver, 20_000);
    expect([driver.phase('w', 'v'), driver.isLoading('a', 'v')]).toEqual([undefined, true]);
  });
});
