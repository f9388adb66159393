import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { isPlaceable, keptForOthers, type Quiet } from './placeable.js';

const QUIET: Quiet = {
  now: 0,
  sites: new Map(),
  unusedFor: () => 0,
  isReplaced: () => false,
  takesNothing: () => false,
};

/** Whether a pin of 4 could be met on a GPU of 10, where a place is kept for one of `kept` and others hold `foreign`. */
function isMet({ kept, foreign }: { kept: number; foreign: number }): boolean {
  const small = aModel('small', { gpuBytes: 4 });
  const other = aModel('other', { gpuBytes: kept });
  const gpus = [{ uuid: 't-0', memory: 10, used: foreign }];
  const driver = new CoreDriver().declare(small, other).serve(aServer('t'), ['small', 'other'], gpus);
  driver.pass(60_000);
  const { fleet } = driver;
  fleet.pinPlaces = new Map([[other.id, ['t/0']]]);
  return isPlaceable(fleet, small, { ...QUIET, kept: keptForOthers(fleet, small.id) });
}

describe('a pin that is not met', () => {
  it.each([
    ['there is room beside the place of another', { kept: 5, foreign: 0 }, true],
    ['a place is kept for another that foreign memory keeps away', { kept: 7, foreign: 4 }, false],
    ['foreign memory may lie where a place is kept', { kept: 5, foreign: 3 }, true],
    ['foreign memory leaves no room', { kept: 1, foreign: 7 }, false],
  ])('where %s', (_, taken, isPlaceableThen) => {
    expect(isMet(taken)).toBe(isPlaceableThen);
  });
});
