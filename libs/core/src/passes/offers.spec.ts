import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../ids.js';
import { offersOn } from './offers.js';

const GPU = gpuAccount(aServer('t').id, 0);

/** A GPU that three models hold, which came in this order. */
function aDriver(): CoreDriver {
  const names = ['a', 'b', 'c'];
  const driver = new CoreDriver().declare(...names.map((name) => aModel(name, { gpuBytes: 2 })));
  driver.serve(aServer('t'), names);
  for (const name of names) {
    driver.warm(name, 't');
    driver.pass(1_000);
  }
  return driver;
}

const offered = ({ fleet }: CoreDriver): string[] => offersOn(fleet, GPU).map(({ replica }) => replica.model);

describe('what a GPU offers', () => {
  it('is what was used least recently first, also where it was used after somebody had asked', () => {
    const driver = aDriver();
    expect(offered(driver)).toEqual(['a', 'b', 'c']);
    driver.resolve('b');
    expect(offered(driver)).toEqual(['a', 'c', 'b']);
    driver.pass(1_000);
    driver.resolve('a');
    driver.pass(1_000);
    driver.resolve('c');
    driver.pass(1_000);
    driver.resolve('a');
    expect(offered(driver)).toEqual(['b', 'c', 'a']);
    const [, , last] = offersOn(driver.fleet, GPU);
    expect(last!.replica).toBe(driver.fleet.replicas.get(last!.replica.id));
  });

  it('is no more what has left', () => {
    const driver = aDriver();
    expect(offered(driver)).toEqual(['a', 'b', 'c']);
    driver.resolve('b');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    driver.pass(10_000);
    expect(offered(driver)).toEqual(['a', 'c']);
  });
});
