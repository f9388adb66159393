import { type Fleet, replicasOn } from '../fleet.js';
import type { Unknown } from '../replica.js';
import { relativesOf } from '../footprint.js';
import type { ModelId } from '../ids.js';
import type { Server } from '../server.js';
import { loadBegan } from '../standing.js';

/**
 * Whether a load without an answer may still wait for Triton's lock without showing: behind the load of a model that
 * shares an ensemble with it, or behind one that began before it where nobody knows yet what it is made of.
 */
export function mayWaitUnseen(
  fleet: Readonly<Fleet>,
  { after, id, model, server: serverId, loadOrderedAt }: Unknown,
): boolean {
  if (after !== 'load') return false;
  const server = fleet.servers.get(serverId)!;
  const relatives = relativesOf(fleet, server, model);
  const orderedAt = mayBeEnsemble(fleet, server, model) ? (loadOrderedAt ?? -Infinity) : -Infinity;
  return replicasOn(fleet, serverId).some((other) => {
    const began = loadBegan(other);
    const isRunning = other.phase === 'unknown' ? other.coming : began !== null;
    if (other.id === id || !isRunning) return false;
    return relatives.has(other.model) || (began ?? Infinity) <= orderedAt;
  });
}

/** Whether a model may be an ensemble for all that is known of it. */
export const mayBeEnsemble = (fleet: Readonly<Fleet>, server: Server, model: ModelId): boolean =>
  !fleet.steps.has(model) && !server.configs.has(model);
