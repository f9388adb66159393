import type { Fleet, Move } from './fleet.js';
import type { ModelId, ReplicaId } from './ids.js';

/** The one copy that moves to make room for a model, and its move. */
export const moveMadeFor = (
  { moves }: Readonly<Fleet>,
  model: ModelId,
): readonly [id: ReplicaId, move: Move] | undefined => [...moves].find(([, move]) => move.for === model);
