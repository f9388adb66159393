import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount } from '../fleet/ids.js';
import { gapsOn } from './gaps.js';
import { knownCostOn, candidatesOn } from './candidates.js';

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

const offered = ({ fleet }: CoreDriver): string[] =>
  candidatesOn(fleet, GPU).map(({ replica }) => replica.model);

/** The most valuable that would have to leave for two bytes more than there are. */
function dearest({ fleet }: CoreDriver): object | undefined {
  const server = fleet.servers.get(aServer('t').id)!;
  return knownCostOn(fleet, server, gapsOn(fleet, server).most + 2)?.dearest;
}

describe('what a GPU candidates', () => {
  it('is what was used least recently first, also where it was used after they were asked for', () => {
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
    const [, , last] = candidatesOn(driver.fleet, GPU);
    expect(last!.replica).toBe(driver.fleet.replicas.get(last!.replica.id));
  });

  it('is first what is worth least for each of its bytes', () => {
    const driver = new CoreDriver().declare(
      aModel('small', { gpuBytes: 2 }),
      aModel('large', { gpuBytes: 6 }),
    );
    driver.serve(aServer('t'), ['small', 'large']).warm('small', 't').pass(1_000);
    expect(offered(driver.warm('large', 't'))).toEqual(['large', 'small']);
  });

  it('is no more what has left', () => {
    const driver = aDriver();
    expect(offered(driver)).toEqual(['a', 'b', 'c']);
    driver.resolve('b');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
    driver.pass(10_000);
    expect(offered(driver)).toEqual(['a', 'c']);
  });

  it('hurts less to take once it has another copy, though the candidates were asked for before', () => {
    const driver = aDriver();
    driver.declare(aModel('a', { gpuBytes: 2, minCopies: 2 })).serve(aServer('u'), []);
    expect(dearest(driver)).toMatchObject({ replica: { model: 'a' }, isSpare: false });
    driver.shelf('u').set('a', '');
    driver.pass(10_000);
    expect(driver.isLoading('a', 'u')).toBe(true);
    expect(dearest(driver)).toMatchObject({ replica: { model: 'a' }, isSpare: true });
  });
});
