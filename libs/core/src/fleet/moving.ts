import type { Fleet, Move } from './fleet.js';
import type { ModelId, ReplicaId } from './ids.js';

/** The copy that moves to make room for a model, and its move: one at most. */
export function moveMadeFor(
  fleet: Readonly<Fleet>,
  model: ModelId,
): readonly [id: ReplicaId, move: Move] | undefined {
  for (const entry of fleet.moves) if (entry[1].for === model) return entry;
  return undefined;
}
