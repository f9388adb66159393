import type { Cooldown, Fleet } from '../fleet.js';
import type { Server } from '../server.js';
import { dependenciesOf } from '../footprint.js';
import { type ModelId, replicaId } from '../ids.js';
import type { Instant } from '../model.js';

/**
 * The failed load that keeps a model from being loaded on a server for now, the one that does so longest: its own, or
 * that of what it needs and the server does not have.
 */
export function coolingOn(
  fleet: Readonly<Fleet>,
  server: Server,
  model: ModelId,
  now: Instant,
): Cooldown | undefined {
  if (fleet.cooldowns.size === 0) return undefined;
  const needed = dependenciesOf(fleet, model).map((id) => replicaId(id, server.spec.id));
  const missing = needed.filter((id) => fleet.replicas.get(id)?.phase !== 'ready');
  return [replicaId(model, server.spec.id), ...missing]
    .map((id) => fleet.cooldowns.get(id))
    .filter((one): one is Cooldown => one !== undefined && one.until > now)
    .toSorted((a, b) => b.until - a.until)[0];
}
