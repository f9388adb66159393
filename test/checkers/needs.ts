import type { Fleet, ModelId, Replica } from '#core';

/** What a model is made of, as far as it was declared or learned. */
const needsOf = (fleet: Readonly<Fleet>, model: ModelId): readonly ModelId[] => [
  ...(fleet.models.get(model)?.dependsOn ?? []),
  ...(fleet.steps.get(model) ?? []),
];

/** A model with all it is made of, and what that is made of. */
export function withNeeds(fleet: Readonly<Fleet>, model: ModelId): ReadonlySet<ModelId> {
  const found = new Set([model]);
  for (const one of found) for (const needed of needsOf(fleet, one)) found.add(needed);
  return found;
}

/** What else there is on its server that is made of it, or of what is. */
export const dependentsOn = (
  fleet: Readonly<Fleet>,
  { model, server }: Pick<Replica, 'model' | 'server'>,
): readonly Replica[] =>
  [...fleet.replicas.values()].filter(
    (other) => other.server === server && other.model !== model && withNeeds(fleet, other.model).has(model),
  );
