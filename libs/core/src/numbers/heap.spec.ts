import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Heap } from './heap.js';

const numbers = fc.array(fc.nat({ max: 20 }));
/** What is added meanwhile; or that the first is taken. */
const steps = fc.array(fc.oneof(fc.nat({ max: 20 }), fc.constant('take' as const)));

const inOrder = (one: number, other: number): number => one - other;

describe('a heap', () => {
  it('gives out the first of what a list in order would, whatever was added and taken before', () => {
    fc.assert(
      fc.property(numbers, steps, (items, done) => {
        const heap = new Heap(inOrder, items);
        let list = items.toSorted(inOrder);
        for (const step of done) {
          if (step === 'take') {
            expect(heap.take()).toBe(list[0]);
            list = list.slice(1);
          } else {
            heap.add(step);
            list = [...list, step].sort(inOrder);
          }
        }
        for (const first of [...list, undefined]) expect(heap.take()).toBe(first);
      }),
    );
  });
});
