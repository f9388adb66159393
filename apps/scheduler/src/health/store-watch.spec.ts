import { describe, expect, it } from '@jest/globals';
import type { Refusal } from '#core';
import { StoreUnavailable } from '#kept';
import { StoreWatch } from './store-watch.js';

const FAILURE = new StoreUnavailable('the store in memory failed: database or disk is full');

const LATE: Refusal = { reason: 'deadline_unreachable', retryAfter: 9_000 };
const FAILED_ONCE: Refusal = { reason: 'cooling_down', cause: 'transient', retryAfter: 1_000 };
const BROKEN: Refusal = { reason: 'cooling_down', cause: 'configuration', retryAfter: 1_000 };

/** The reasons that are told in place of these. */
const told = (failure: StoreUnavailable | null, ...refusals: readonly Refusal[]): string[] => {
  const watch = new StoreWatch({ failure, tryAgain: async () => undefined });
  return refusals.map((refusal) => watch.worded(refusal).reason);
};

describe('a refusal while the store takes no writes', () => {
  it('names the store where a load could not be ordered, or would be ordered too late', () => {
    expect(told(FAILURE, LATE, FAILED_ONCE)).toEqual(['store_unavailable', 'store_unavailable']);
  });

  it('names what is wrong with the model where something is', () => {
    expect(told(FAILURE, BROKEN)).toEqual(['cooling_down']);
  });

  it('is as it was decided once the store takes them again', () => {
    expect(told(null, LATE, FAILED_ONCE)).toEqual(['deadline_unreachable', 'cooling_down']);
  });
});
