import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const NAMES = ['first', 'b', 'c'];

/** A server with one load slot, which the load of `first` has for 8 s; `c` is of a critical class. */
function busy(): CoreDriver {
  const driver = new CoreDriver().declare(
    ...NAMES.map((name) => aModel(name, { class: name === 'c' ? 'critical' : 'default' })),
  );
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
  driver.serve(aServer('t', [99]), NAMES);
  for (const name of NAMES) driver.loadsTake(name, 8_000);
  driver.resolve('first');
  return driver;
}

const inLine = ({ fleet }: CoreDriver): string[] => [...fleet.line.keys()];

describe('best-effort demand for a model', () => {
  it('does not raise the class at which a request waits for it', () => {
    const driver = busy();
    driver.resolve('b', { wait: 17_000 });
    driver.resolve('c', { wait: 60_000, class: 'sheddable' });
    driver.resolve('c', { wait: 0, class: 'sheddable' });
    expect(inLine(driver)).toEqual(['b', 'c']);
    driver.resolve('c', { wait: 60_000, class: 'sheddable' });
    expect(inLine(driver)).toEqual(['b', 'c']);
  });

  it('of an admin does', () => {
    const driver = busy();
    driver.resolve('b', { wait: 60_000 });
    driver.resolve('c', { wait: 60_000, class: 'sheddable' });
    expect(inLine(driver)).toEqual(['b', 'c']);
    driver.tell({ kind: 'LoadOrdered', model: aModel('c').id, until: driver.now + 60_000 });
    expect(inLine(driver)).toEqual(['c', 'b']);
  });
});
