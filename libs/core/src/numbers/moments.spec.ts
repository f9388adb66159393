import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Moments } from './moments.js';

const instant = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(Infinity, -Infinity));
const moves = fc.array(fc.tuple(fc.nat({ max: 5 }), instant));

describe('moments', () => {
  it('say which comes next as a list of all does, whatever is moved', () => {
    fc.assert(
      fc.property(moves, fc.integer({ min: -1, max: 21 }), (moved, at) => {
        const moments = new Moments();
        const list = new Map<number, number>();
        for (const [one, to] of moved) {
          moments.move(list.get(one) ?? Infinity, to);
          list.set(one, to);
        }
        const later = [...list.values()].filter((other) => other > at && other < Infinity);
        expect(moments.after(at)).toBe(Math.min(Infinity, ...later));
      }),
    );
  });
});
