import type { Now } from '../numbers/now.js';
import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';
import { isCoLoaded, loadBegan, ordersAtOnce } from '../fleet/standing.js';
import { requestsFor } from '../fleet/waiting.js';
import { dependenciesOf } from '../memory/footprint.js';

/** A model, and what it needs that is not ready on a server. */
export const missingOn = (fleet: Readonly<Fleet>, { spec }: Server, model: ModelId): ModelId[] => [
  model,
  ...dependenciesOf(fleet, model).filter(
    (id) => fleet.replicas.get(replicaId(id, spec.id))?.phase !== 'ready',
  ),
];

/**
 * When the load failed that a load of a model on a server would repeat, the last of several; -Infinity where it would be no
 * retry. A load that ran out of memory tells nothing against a model: none is ordered where the books have no room.
 */
export function failedAt(fleet: Readonly<Fleet>, server: Server, model: ModelId): Instant {
  let last = -Infinity;
  if (fleet.cooldowns.size === 0) return last;
  for (const id of missingOn(fleet, server, model)) {
    const failed = fleet.cooldowns.get(replicaId(id, server.spec.id));
    if (failed && failed.cause !== 'capacity') last = Math.max(last, failed.at);
  }
  return last;
}

/** The same of a load anywhere: the first of these failures; -Infinity where a server has the model and no load failed there. */
export function failedEverywhereAt(fleet: Readonly<Fleet>, model: ModelId): Instant {
  let first = Infinity;
  if (fleet.cooldowns.size === 0) return -Infinity;
  for (const server of fleet.servers.values())
    if (server.repository.has(model)) first = Math.min(first, failedAt(fleet, server, model));
  return first < Infinity ? first : -Infinity;
}

/** Whether a retry stands behind what has not failed: not once it starves, nor where anything was promised after it failed. */
export function standsBack(
  fleet: Readonly<Fleet>,
  model: ModelId,
  { failed, since }: { readonly failed: Instant; readonly since: Instant },
  now: Now,
): boolean {
  if (failed === -Infinity || now.has(since + fleet.limits.starvation)) return false;
  return !requestsFor(fleet, model).some(
    ({ id, arrivedAt }) => arrivedAt >= failed && fleet.promises.get(id) != null,
  );
}

/**
 * Whether a retry on a server would take its last load slot while a model waits for that which never failed there: for a
 * place, or for its load to begin.
 */
export function isLastSlotKept(fleet: Readonly<Fleet>, server: Server, model: ModelId, now: Now): boolean {
  const since = fleet.wantedSince.get(model) ?? -Infinity;
  const failed = failedAt(fleet, server, model);
  if (!standsBack(fleet, model, { failed, since }, now)) return false;
  const loads = unsettledOn(fleet, server.spec.id).filter(
    (one) => !isCoLoaded(one) && (one.phase === 'placed' || loadBegan(one) !== null),
  );
  const onDevices = (server.devices?.length ?? 0) * fleet.limits.loadsPerDevice;
  if (Math.min(ordersAtOnce(fleet, server), onDevices) - loads.length > 1) return false;
  return (
    loads.some((one) => one.phase === 'placed' && failedAt(fleet, server, one.model) === -Infinity) ||
    [...fleet.wantedSince.keys()].some((other) => mayGoThere(fleet, server, other))
  );
}

/** Whether a model that lacks a copy may be loaded on a server, and that would be no retry. */
const mayGoThere = (fleet: Readonly<Fleet>, server: Server, model: ModelId): boolean =>
  server.repository.has(model) &&
  !fleet.replicas.has(replicaId(model, server.spec.id)) &&
  failedAt(fleet, server, model) === -Infinity;
