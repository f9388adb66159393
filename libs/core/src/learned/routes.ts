import { isFailing } from '../memory/failing.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { Ready, Replica } from '../fleet/replica.js';
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

/** The uses since the last turn, so that two callers in a row are sent to two copies. */
export interface RecentUses {
  lastUse(replica: ReplicaId): Instant | undefined;
}

/**
 * The replica that a caller is sent to; undefined where none may be routed to. Failing copies come last, then those on
 * servers that drain with a deadline; of the others the least recently used comes first.
 */
export function pickRoute(fleet: Readonly<Fleet>, query: RouteQuery, recent: RecentUses): Ready | undefined {
  const holders = fleet.holders.get(query.model);
  if (!holders || fleet.models.get(query.model)?.enabled === false) return undefined;
  let best: Ready | undefined;
  for (const id of holders) {
    const replica = fleet.replicas.get(id)!;
    if (!isRoute(fleet, replica) || !hasVersion(replica, query.version)) continue;
    if (query.avoid.includes(replica.server)) continue;
    if (!best || isRoutedBefore(fleet, replica, best, recent)) best = replica;
  }
  return best;
}

const isRoute = (fleet: Readonly<Fleet>, replica: Replica): replica is Ready =>
  replica.phase === 'ready' && isRoutable(fleet.servers.get(replica.server)!);

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
  replicasOf(fleet, model).filter((replica) => isRoute(fleet, replica));
