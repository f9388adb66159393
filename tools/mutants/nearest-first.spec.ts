import { describe, expect, it } from '@jest/globals';
import { nearestFirst } from './nearest-first.mjs';

describe('the order of specs for a mutant', () => {
  it('goes from those of the changed file to its folder, its library and the rest, examples first', () => {
    const order = [
      'libs/core/src/loading/start.held-back.spec.ts',
      'libs/core/src/loading/start.spec.ts',
      'libs/core/src/loading/slot-line.spec.ts',
      'libs/core/src/start.spec.ts',
      'libs/engine/src/engine.spec.ts',
      'libs/core/src/loading/start.property.spec.ts',
      'libs/core/src/loading/slot-line.property.spec.ts',
      'libs/core/src/step.property.spec.ts',
      'libs/engine/src/engine.property.spec.ts',
    ];
    expect(nearestFirst(order.toReversed(), 'libs/core/src/loading/start.ts')).toEqual(order);
  });
});
