import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Calendar } from './calendar.js';
import type { ReplicaId } from '../fleet/ids.js';

const id = fc.integer({ min: 0, max: 9 }).map((one) => `r${one}` as ReplicaId);
const finite = fc.integer({ min: 0, max: 9_999 });
const instant = fc.oneof(finite, fc.constantFrom(Infinity, -Infinity));

describe('a calendar', () => {
  it('says the same as a list of all, whichever replica is moved', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, instant)), instant, finite, (moves, from, before) => {
        const calendar = new Calendar();
        const list = new Map<ReplicaId, number>();
        for (const [one, to] of moves) {
          calendar.move(one, list.get(one) ?? Infinity, to);
          list.set(one, to);
        }
        const due = new Set(calendar.dueBy(before));
        for (const [one, at] of list) {
          if (at <= before && at < Infinity) expect(due).toContain(one);
          if (at >= before + 1_000) expect(due).not.toContain(one);
        }
        const told = calendar.earliest(from, before, (one, end) => {
          const at = list.get(one)!;
          return at >= from && at < end ? at : end;
        });
        const others = [...list.values()].filter((at) => at >= from && at < before);
        expect(told).toBe(Math.min(before, ...others));
      }),
    );
  });
});
