import type { ContractModel } from '../contract/stage.js';

/**
 * What every sequence finds on disk: few models, so that orders meet, and each there for something: two that serve,
 * one with two instances, two with two versions, one that writes byte code, two that cannot come up, ensembles that
 * share steps, contain one another, or lack a step.
 */
export const MODELS: readonly ContractModel[] = [
  { name: 'plain' },
  { name: 'pair', instances: 2 },
  { name: 'newest', versions: [1, 2] },
  { name: 'all', versions: [1, 2], servesAll: true },
  { name: 'bytecode', writesByteCode: true },
  { name: 'failing', fails: 'exception' },
  { name: 'empty', lacks: 'version' },
  { name: 'first' },
  { name: 'second' },
  { name: 'both', steps: ['first', 'second'] },
  { name: 'outer', steps: ['both', 'plain'] },
  { name: 'broken', steps: ['first', 'failing'] },
  { name: 'absent' },
  { name: 'lacking', steps: ['second', 'absent'] },
];

/** Its directory is taken away before a sequence begins. */
export const ABSENT = 'absent';

/** The one that is asked for batches: no ensemble has it as a step, which would not fit it then. */
export const BATCHED = 'pair';

/** The names that orders are given: those of the models, and one that no model has. */
export const NAMES: readonly string[] = [...MODELS.map(({ name }) => name), 'nobody'];

/** Models with files of their own, and so with versions that can be written. */
export const WITH_FILES: readonly string[] = MODELS.filter(({ steps }) => steps === undefined).map(
  ({ name }) => name,
);

export const ENSEMBLES: readonly string[] = MODELS.filter(({ steps }) => steps !== undefined).map(
  ({ name }) => name,
);

/** The model of that name as it was at first; a stranger for a name that no model has. */
export function modelNamed(name: string): ContractModel {
  return MODELS.find((model) => model.name === name) ?? { name };
}
