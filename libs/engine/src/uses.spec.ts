import { describe, expect, it } from '@jest/globals';
import type { ReplicaId } from '#core';
import { Uses } from './uses.js';

const A = 'a@t' as ReplicaId;

describe('the uses between two turns', () => {
  it('are how many routes to each replica there were, the latest of them and the latest end of a lease, not the lease of the latest', () => {
    const uses = new Uses();
    uses.note(A, 1_000, 31_000);
    uses.note(A, 2_000, 3_000);
    expect(uses.lastUse(A)).toBe(2_000);
    expect(uses.take()).toEqual([
      { kind: 'RoutesUsed', uses: [{ replica: A, at: 2_000, inUseUntil: 31_000, routes: 2 }] },
    ]);
  });

  it('are told once, and count as handed out for a second', () => {
    const uses = new Uses();
    uses.note(A, 1_000, 2_000);
    uses.take();
    expect([uses.take(), uses.lastUse(A)]).toEqual([[], undefined]);
    expect(uses.handedOut.inLastSecond(A, 1_500)).toBe(1);
  });
});
