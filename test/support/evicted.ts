import type { Limits } from '#core';
import { aModel, aServer, CoreDriver } from './core-driver.js';

/** Two models of which a device holds one, and a few evictions a minute: `a` has just made `b` leave, for a lease of a second. */
export function evicted(limits: Pick<Limits, 'loadsPerDevicePerMinute'> & Partial<Limits>): CoreDriver {
  const driver = new CoreDriver();
  const { fleet } = driver;
  driver.tell({ kind: 'LimitsSet', limits: { ...fleet.limits, ...limits }, defaults: fleet.defaults });
  driver
    .declare(aModel('a', { gpuBytes: 8 }), aModel('b', { gpuBytes: 8 }), aModel('small', { gpuBytes: 1 }))
    .serve(aServer('s', [10]), ['a', 'b', 'small'])
    .warm('b', 's');
  driver.pass(20_000);
  driver.resolve('a', { lease: 1_000 });
  driver.pass(3_000);
  driver.loadEnds('a', 's');
  return driver;
}
