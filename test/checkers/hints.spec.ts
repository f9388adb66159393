import { describe, expect, it } from '@jest/globals';
import { endWaiting, type RefusalReason } from '#core';
import { aModel } from '../support/builders.js';
import { Story } from './story.js';

/** A model takes `each` ms to serve one request. Requests for it, a millisecond apart, are refused with these hints. */
function found(
  hints: readonly number[],
  reason: RefusalReason = 'queue_full',
  each = 500,
): readonly string[] {
  const story = Story.beforeLoading();
  story.fleet.serviceTimes.set(aModel('here').id, { served: 1, took: each });
  for (const retryAfter of hints) {
    story.ask('here', (fleet) =>
      Array.from(fleet.waiting.keys(), (request) => {
        endWaiting(fleet, request);
        return { kind: 'refuse', request, refusal: { reason, retryAfter } };
      }),
    );
  }
  return story.found.filter((promise) => /invariant 16,/.test(promise));
}

describe('the promise that refused requests come back as fast as the model serves', () => {
  it('finds a request that is to come before those told earlier can be served', () => {
    expect(found([1_000, 1_499, 1_998])).toEqual([]);
    expect(found([1_000, 499])).toEqual([expect.stringContaining('for here 1 ms before its turn')]);
    expect(found([1_000, 1_499, 999])).toHaveLength(1);
    expect(found([300, 799, 797])).toHaveLength(1);
  });

  it('lets all come sooner where the model should serve sooner, as far apart as before', () => {
    expect(found([50_000, 50_499, 50_998, 6_500])).toEqual([]);
    expect(found([50_000, 50_499, 50_998, 1_499])).toHaveLength(1);
    expect(found([50_000, 5_500, 5_999, 5_000])).toEqual([]);
    expect(found([50_000, 600, 999])).toHaveLength(1);
  });

  it('keeps no request away for more than a minute', () => {
    expect(found([59_900, 60_000, 60_000, 60_000])).toEqual([]);
    expect(found([59_900, 60_000, 90_000])).toEqual([]);
    expect(found([...Array.from({ length: 121 }, (_, nth) => 499 * nth), 59_000])).toHaveLength(1);
  });

  it('is about overload alone, and about models of which it is known how fast they serve', () => {
    expect(found([1_000, 1], 'no_server')).toEqual([]);
    expect(found([1_000, 1], 'queue_full', 0)).toEqual([]);
  });
});
