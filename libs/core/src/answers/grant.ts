import type { Action } from '../fleet/actions.js';
import { isHeldBack } from './backlogs.js';
import { type Fleet, put, type Request } from '../fleet/fleet.js';
import type { Ready } from '../fleet/replica.js';
import type { ReplicaId } from '../fleet/ids.js';
import { leaseOn, learnLease } from '../learned/leases.js';
import type { Instant } from '../fleet/model.js';
import { hasVersion, pickRoute, type RecentUses, routableReplicas } from '../learned/routes.js';
import { countRoutes } from '../learned/strain.js';

/** Grants a route to each waiting request whose model is ready, unless the request is held back. */
export function grantWaiting(fleet: Fleet, now: Instant): Action[] {
  const actions: Action[] = [];
  const { cold } = fleet;
  cold.clear();
  const given = new Given(now);
  for (const request of fleet.waiting.values()) {
    if (cold.has(request.model) || isHeldBack(fleet, request)) continue;
    const replica = pickRoute(fleet, request, given) ?? doubtedRoute(fleet, request);
    if (replica) {
      given.note(replica.id);
      actions.push(grant(fleet, request, replica, now));
    } else if (routableReplicas(fleet, request.model).length === 0) cold.add(request.model);
  }
  return actions;
}

/** The routes of one turn, so that they go round the copies of a model: all of them are used at the same moment. */
class Given implements RecentUses {
  private readonly last = new Map<ReplicaId, number>();
  private count = 0;

  constructor(private readonly now: Instant) {}

  note(replica: ReplicaId): void {
    this.count += 1;
    this.last.set(replica, this.count);
  }

  lastUse(replica: ReplicaId): Instant | undefined {
    const nth = this.last.get(replica);
    return nth === undefined ? undefined : this.now + nth;
  }
}

/** A copy the caller has just failed on, once a look taken since then shows it ready all the same. */
function doubtedRoute(fleet: Fleet, { model, version, avoid, arrivedAt }: Request): Ready | undefined {
  if (avoid.length === 0) return undefined;
  return routableReplicas(fleet, model).find((replica) => {
    const lookedAt = fleet.servers.get(replica.server)?.lookedAt ?? -Infinity;
    return lookedAt >= arrivedAt && hasVersion(replica, version);
  });
}

function grant(fleet: Fleet, request: Request, replica: Ready, now: Instant): Action {
  fleet.waiting.delete(request.id);
  countRoutes(fleet, request.model, 1);
  const lease = leaseOn(fleet, replica, request.lease, now);
  learnLease(fleet, request.model, lease);
  const inUseUntil = Math.max(replica.inUseUntil, now + lease);
  put(fleet, { ...replica, lastUse: Math.max(replica.lastUse, now), inUseUntil });
  const waited = now - request.arrivedAt;
  return {
    kind: 'grant',
    request: request.id,
    replica: replica.id,
    versions: replica.versions,
    lease,
    waited,
    cold: replica.since >= request.arrivedAt,
    ...(fleet.promises.get(request.id) != null && { promised: true }),
  };
}
