import { expect, it } from '@jest/globals';
import { gpuAccount, type ModelId, type ServerId } from '#core';
import { type Books, bytesOn } from '../books.js';
import { aModel, aServer, CoreDriver } from '../../support/core-driver.js';
import { keepsBooks } from './memory.js';

/** One server, on which `e` has the step `s`, declared to take so much. */
const aFleet = (gpuBytes: number): CoreDriver => {
  const driver = new CoreDriver()
    .declare(aModel('e', { gpuBytes: 0, gpuDeclared: false, hostDeclared: false }), aModel('s', { gpuBytes }))
    .serve(aServer('t', [10]), ['e', 's']);
  driver.tell({ kind: 'StepsRemembered', model: 'e' as ModelId, steps: ['s' as ModelId] });
  return driver;
};

it('the books of a step are those by which it was last loaded, also where its ensemble brought it', () => {
  const site = {
    planned: { spec: aServer('t', [10]), setup: {} },
    decided: new Map<string, Books>(),
  };
  const toldAfter = (gpuBytes: number, model: string): number => {
    const driver = aFleet(gpuBytes);
    driver.resolve(model);
    const turn = { now: driver.now, actions: driver.log };
    keepsBooks({ fleet: driver.fleet, turn, sites: new Map([['t', site]]) } as never);
    return bytesOn(site.decided.get('s')!.booked.get('s')!, gpuAccount('t' as ServerId, 0));
  };
  expect(toldAfter(8, 's')).toBe(8);
  expect(toldAfter(4, 'e')).toBe(4);
});
