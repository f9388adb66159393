import { describe, expect, it } from '@jest/globals';
import { distance } from './nearest-first.mjs';

const CHANGED = 'libs/core/src/loading/start.ts';

/** The nearest first. */
const ORDER = [
  'libs/core/src/loading/start.spec.ts',
  'libs/core/src/loading/start.property.spec.ts',
  'libs/core/src/loading/slot-line.spec.ts',
  'libs/core/src/loading/slot-line.property.spec.ts',
  'libs/core/src/start.spec.ts',
  'libs/core/src/step.property.spec.ts',
  'libs/engine/src/engine.spec.ts',
  'libs/engine/src/engine.property.spec.ts',
];

describe('the distance of a spec from what a mutant changes', () => {
  it('grows from its own spec to those of its folder, its library and the rest, properties last in each', () => {
    const distances = ORDER.map((spec) => distance(spec, CHANGED));
    expect(distances).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('is that of its kind alone where nothing is changed', () => {
    expect(ORDER.map((spec) => distance(spec, undefined))).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  });
});
