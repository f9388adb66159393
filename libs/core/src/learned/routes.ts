import { isFailing } from '../memory/failing.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { Ready } from '../fleet/replica.js';
import type { ModelId, ReplicaId, ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { isRoutable } from '../fleet/standing.js';

/** What a caller asks of a route. */
export interface RouteQuery {
  readonly model: ModelId;
  /** Null: any version. */
  readonly version: string | null;
  readonly avoid: readonly ServerId[];
}

/** Uses handed out since the last turn, so that two callers in a row get two copies. */
export interface RecentUses {
  lastUse(replica: ReplicaId): Instant | undefined;
}

/**
 * The replica a caller is sent to: copies that do not fail before those that do, then those of servers
 * that do not drain with a deadline, then the least recently used.
 * Undefined where none may be routed; the caller then has to wait.
 */
export function pickRoute(fleet: Readonly<Fleet>, query: RouteQuery, recent: RecentUses): Ready | undefined {
  const holders = fleet.holders.get(query.model);
  if (!holders || fleet.models.get(query.model)?.enabled === false) return undefined;
  let best: Ready | undefined;
  for (const id of holders) {
    const replica = fleet.replicas.get(id)!;
    if (!isRoute(fleet, replica, query)) continue;
    if (!best || isRoutedBefore(fleet, replica, best, recent)) best = replica;
  }
  return best;
}

function isRoute(fleet: Readonly<Fleet>, replica: { phase: string }, query: RouteQuery): replica is Ready {
  const ready = replica as Ready;
  if (ready.phase !== 'ready' || !isRoutable(fleet.servers.get(ready.server)!)) return false;
  return hasVersion(ready, query.version) && !query.avoid.includes(ready.server);
}

/** Before the first look over a fresh load its versions may not be known; the load itself was confirmed. */
export const hasVersion = ({ versions }: Ready, version: string | null): boolean =>
  version === null || versions.includes(version);

function isRoutedBefore(fleet: Readonly<Fleet>, one: Ready, other: Ready, recent: RecentUses): boolean {
  if (isFailing(one) !== isFailing(other)) return isFailing(other);
  if (isEnding(fleet, one) !== isEnding(fleet, other)) return isEnding(fleet, other);
  return usedAt(one, recent) < usedAt(other, recent);
}

/** Whether its server drains with a deadline, which cuts leases. */
const isEnding = ({ servers }: Readonly<Fleet>, { server }: Ready): boolean =>
  servers.get(server)?.drain?.deadline != null;

const usedAt = (replica: Ready, recent: RecentUses): Instant => recent.lastUse(replica.id) ?? replica.lastUse;

/** The ready replicas of a model that may be routed to now. */
export const routableReplicas = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter(
    (replica): replica is Ready =>
      replica.phase === 'ready' && isRoutable(fleet.servers.get(replica.server)!),
  );
