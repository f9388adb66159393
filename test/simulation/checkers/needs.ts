import type { Fleet, ModelId, Replica } from '#core';

/** What a model is made of, as far as it was declared or learned. */
export const needsOf = (fleet: Readonly<Fleet>, model: ModelId): readonly ModelId[] => [
  ...(fleet.models.get(model)?.dependsOn ?? []),
  ...(fleet.steps.get(model) ?? []),
];

/** What else there is made of it, or of what is. */
export function dependentsOn(
  fleet: Readonly<Fleet>,
  { model, server }: Pick<Replica, 'model' | 'server'>,
): readonly Replica[] {
  const direct = [...fleet.replicas.values()].filter(
    (other) => other.server === server && needsOf(fleet, other.model).includes(model),
  );
  return direct.flatMap((other) => [other, ...dependentsOn(fleet, other)]);
}
