import type { PlannedModel } from './plan.js';

/** A model with what comes and goes together with it: its steps, the ensembles it is a step of, and their steps. */
export function familyOf(models: readonly PlannedModel[], model: string): ReadonlySet<string> {
  const wholes = models.map(({ disk }) => [disk.name, ...(disk.steps ?? [])]);
  return new Set([model, ...wholes.filter((whole) => whole.includes(model)).flat()]);
}

/**
 * The models whose orders a server carries out one after the other with those of this one: all that ensembles tie
 * together, through whatever steps they share. Behind a load that never ends none of theirs is answered, nor shows.
 */
export function familiesOf(models: readonly PlannedModel[], model: string): ReadonlySet<string> {
  const tied = new Set([model]);
  for (const one of tied) for (const other of familyOf(models, one)) tied.add(other);
  return tied;
}
