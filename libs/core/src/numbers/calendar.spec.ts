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
      fc.property(fc.array(fc.tuple(id, instant)), finite, (moves, before) => {
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
        const pages = Array.from(list.values(), (at) => Math.floor(at / 1_000) * 1_000);
        expect(calendar.nextPage(before)).toBe(Math.min(Infinity, ...pages.filter((at) => at > before)));
      }),
    );
  });
});
