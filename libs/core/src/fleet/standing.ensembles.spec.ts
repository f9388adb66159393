import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { ordersAtOnce } from './standing.js';

const NAMES = ['a', 'b', 'c', 'd'];
const T = aServer('t').id;
const E = aModel('e').id;

/** A server for four small models with eight load slots, whose repository lists these too. */
function aDriver(...others: readonly string[]): CoreDriver {
  const driver = new CoreDriver().declare(...NAMES.map((name) => aModel(name, { gpuBytes: 1 })));
  const limits = { ...driver.fleet.limits, loadsPerServer: 8, loadsPerDevice: 8 };
  driver.tell({ kind: 'LimitsSet', limits, defaults: driver.fleet.defaults });
  driver.tell({ kind: 'StepsRemembered', model: E, steps: [aModel('s').id] });
  return driver.serve(aServer('t', [10]), [...NAMES, ...others]);
}

const most = ({ fleet }: CoreDriver): number => ordersAtOnce(fleet, fleet.servers.get(T)!);

/** How many of the models load, or are being unloaded, when all of them are to at once. */
function atOnce(driver: CoreDriver): readonly number[] {
  for (const name of NAMES) driver.resolve(name, { wait: 60_000 });
  const loading = NAMES.filter((name) => driver.isLoading(name, 't')).length;
  while (NAMES.some((name) => driver.isLoading(name, 't')))
    for (const name of NAMES) if (driver.isLoading(name, 't')) driver.loadEnds(name, 't');
  driver.pass(12_000);
  driver.unloadsEnd = false;
  driver.tell(
    ...NAMES.map((name) => ({ kind: 'UnloadOrdered', model: aModel(name).id, force: true }) as const),
  );
  return [loading, NAMES.filter((name) => driver.phase(name, 't') === 'unloading').length];
}

describe('a server with an ensemble', () => {
  it('takes two loads and two unloads at once, however many there may be elsewhere', () => {
    expect(atOnce(aDriver('e', 's'))).toEqual([2, 2]);
    expect(atOnce(aDriver('s'))).toEqual([4, 4]);
  });

  it('does so from when a model turns out to be one', () => {
    const driver = aDriver();
    expect(most(driver)).toBe(8);
    const config = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;
    const steps = [aModel('b').id];
    driver.tell({ kind: 'ConfigLearned', server: T, model: aModel('a').id, config, steps });
    expect(most(driver)).toBe(2);
  });

  it('takes no more than the limit says', () => {
    const driver = aDriver('e');
    const limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.tell({ kind: 'LimitsSet', limits, defaults: driver.fleet.defaults });
    expect(most(driver)).toBe(1);
  });
});
