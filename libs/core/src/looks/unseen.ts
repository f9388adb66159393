import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Replica } from '../fleet/replica.js';
import { relativesOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { loadBegan } from '../fleet/standing.js';

/**
 * Whether a load of this model, ordered at that moment and without an answer, may still wait for Triton's lock, which no
 * look shows. It may wait behind the load of a model that shares an ensemble with it. It may wait behind any load that
 * began before where the model may be an ensemble itself; and where it shares an ensemble, while an earlier load that no
 * look shows may be of another ensemble of the same steps.
 */
export function mayWaitUnseen(
  fleet: Readonly<Fleet>,
  { id, model, server: serverId }: Replica,
  loadOrderedAt: Instant | null,
): boolean {
  const server = fleet.servers.get(serverId)!;
  const relatives = relativesOf(fleet, server, model);
  const others = replicasOn(fleet, serverId).filter((other) => other.id !== id);
  const earlier = others.filter((other) => (loadBegan(other) ?? Infinity) <= (loadOrderedAt ?? -Infinity));
  const untold = earlier.filter((other) => !isSeenComing(other) && mayBeEnsemble(fleet, server, other.model));
  const isTiedToAny = mayBeEnsemble(fleet, server, model) || (relatives.size > 1 && untold.length > 0);
  const behind = others.filter(
    (other) => relatives.has(other.model) || (isTiedToAny && earlier.includes(other)),
  );
  return behind.some((other) => (other.phase === 'unknown' ? other.coming : loadBegan(other) !== null));
}

const isSeenComing = (replica: Replica): boolean => replica.phase === 'unknown' && replica.coming;

/** Whether a model may be an ensemble: its config is not known. */
export const mayBeEnsemble = (fleet: Readonly<Fleet>, server: Server, model: ModelId): boolean =>
  !fleet.steps.has(model) && !server.configs.has(model);
