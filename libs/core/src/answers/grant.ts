import type { Now } from '../numbers/now.js';
import type { Action } from '../fleet/actions.js';
import { type Fleet, put, type Request } from '../fleet/fleet.js';
import { endWaiting } from '../fleet/waiting.js';
import type { Ready } from '../fleet/replica.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import { HandedOut } from '../learned/handed-out.js';
import { learnLease, leaseOn } from '../learned/leases.js';
import type { Instant } from '../fleet/model.js';
import { hasVersion, pickRoute, routableReplicas } from '../learned/routes.js';
import { countRoutes } from '../learned/utilisation.js';

/**
 * Grants a route to each waiting request whose model is ready. The routes of one turn go round the copies of a model: each
 * counts as used a little later than the one before it.
 */
export function grantWaiting(fleet: Fleet, now: Now): Action[] {
  const actions: Action[] = [];
  const cold = new Set<ModelId>();
  const used = new Map<ReplicaId, Instant>();
  const handedOut = new HandedOut();
  const recent = { lastUse: (id: ReplicaId) => used.get(id), handedOut };
  for (const request of fleet.waiting.values()) {
    if (cold.has(request.model)) continue;
    const replica = pickRoute(fleet, request, recent) ?? doubtedRoute(fleet, request);
    if (replica) {
      actions.push(grant(fleet, request, replica, now));
      used.set(replica.id, now.stamp + actions.length);
      handedOut.note(replica.id, now.stamp);
    } else if (routableReplicas(fleet, request.model).length === 0) cold.add(request.model);
  }
  return actions;
}

/** A copy that the request avoids, once a look taken since then shows it ready all the same. */
function doubtedRoute(fleet: Fleet, { model, version, avoid, arrivedAt }: Request): Ready | undefined {
  if (avoid.length === 0) return undefined;
  return routableReplicas(fleet, model).find((replica) => {
    const lookedAt = fleet.servers.get(replica.server)?.lookedAt ?? -Infinity;
    return lookedAt >= arrivedAt && hasVersion(replica, version);
  });
}

function grant(fleet: Fleet, request: Request, replica: Ready, now: Now): Action {
  endWaiting(fleet, request.id);
  countRoutes(fleet, request.model, 1);
  const lease = leaseOn(fleet, replica, request.lease, now.stamp);
  learnLease(fleet, request.model, lease);
  const inUseUntil = Math.max(replica.inUseUntil, now.stamp + lease);
  put(fleet, { ...replica, lastUse: Math.max(replica.lastUse, now.stamp), inUseUntil });
  return {
    kind: 'grant',
    request: request.id,
    replica: replica.id,
    versions: replica.versions,
    lease,
    waited: now.stamp - request.arrivedAt,
    cold: replica.since >= request.arrivedAt,
    ...(fleet.promises.get(request.id) != null && { promised: true }),
  };
}
