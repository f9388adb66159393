import { describe, expect, it } from '@jest/globals';
import { familyOf, familiesOf } from './families.js';
import type { PlannedModel } from './plan.js';

const onDisk = (name: string, steps?: readonly string[]): PlannedModel =>
  ({ disk: { name, ...(steps && { steps }) } }) as PlannedModel;

/** Two ensembles share the step `shared`; `alone` has nothing to do with them. */
const MODELS = [
  ...['first', 'shared', 'second', 'alone'].map((name) => onDisk(name)),
  onDisk('ensemble', ['first', 'shared']),
  onDisk('ensemble2', ['shared', 'second']),
];

describe('models that ensembles bind', () => {
  it.each([
    ['a step comes and goes with its ensemble and the other steps', 'first', ['first', 'ensemble', 'shared']],
    ['a shared one with both', 'shared', ['shared', 'ensemble', 'first', 'ensemble2', 'second']],
    ['an ensemble with its steps', 'ensemble2', ['ensemble2', 'shared', 'second']],
    ['any other by itself', 'alone', ['alone']],
  ])('%s', (_, model, family) => {
    expect([...familyOf(MODELS, model)]).toEqual(family);
  });

  it('are locked together through the steps that they share', () => {
    const tied = ['first', 'ensemble', 'shared', 'ensemble2', 'second'];
    expect([...familiesOf(MODELS, 'first')]).toEqual(tied);
    expect(familiesOf(MODELS, 'ensemble2')).toEqual(new Set(tied));
    expect([...familiesOf(MODELS, 'alone')]).toEqual(['alone']);
  });
});
