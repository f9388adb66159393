import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Replica, Unknown } from '../fleet/replica.js';
import { relativesOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { loadBegan } from '../fleet/standing.js';

/** For so long after a call without an answer its order may still wait for Triton's lock, which no look shows. */
export const UNSETTLED: Millis = 5_000;

/**
 * Until when a copy that serves may still be unloaded by an order without an answer. Over a connection that has stood since, the
 * order has arrived: so it waits for the lock, behind a load that no look need show, until it counts as stuck.
 */
export function unsettledUntil(fleet: Readonly<Fleet>, { server, order, endedAt }: Unknown): Instant {
  const hasArrived = order !== null && fleet.servers.get(server)!.looksCountFrom < endedAt;
  return endedAt + (hasArrived ? Math.max(UNSETTLED, fleet.limits.stuckAfter) : UNSETTLED);
}

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
