import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { isFailing, type Ready, type Replica } from '../fleet/replica.js';
import type { ModelId, ReplicaId, ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { isRoutable } from '../fleet/standing.js';
import { isWhole } from '../memory/footprint.js';
import { copyForKey } from './affinity.js';
import type { HandedOut } from './handed-out.js';
import { leasesOnEndBy } from './leases.js';

/** What a caller asks of a route. */
export interface RouteQuery {
  readonly model: ModelId;
  /** Null: any version. */
  readonly version: string | null;
  readonly avoid: readonly ServerId[];
  /** The same key leads to the same copy; left out: to the least recently used one. */
  readonly affinityKey?: string;
}

/** What is known of uses beside the copies themselves. */
export interface RecentUses {
  /** Since the last turn, so that two callers in a row are sent to two copies. */
  lastUse(replica: ReplicaId): Instant | undefined;
  /** By this process, with a key or without. */
  readonly handedOut: HandedOut;
}

/** What a route is picked by: the part of a copy that both a fleet and a table of routes have. */
export type RoutableCopy = Pick<Ready, 'id' | 'server' | 'versions' | 'lastUse'>;

/** Where routes are picked from: the fleet of a leader, or the table of a follower. */
export interface RouteSource<Key, Copy extends RoutableCopy> {
  /** All copies of a model; undefined where none may be routed to. */
  copiesOf(model: ModelId): Iterable<Key> | undefined;
  /** The copy; undefined where it may not be routed to. */
  routable(copy: Key): Copy | undefined;
  isFailing(copy: Copy): boolean;
  /** Whether its server drains with a deadline, which cuts leases. */
  isEnding(copy: Copy): boolean;
}

/** The replica that a caller is sent to; undefined where none may be routed to. */
export const pickRoute = (
  fleet: Readonly<Fleet>,
  query: RouteQuery,
  recent: RecentUses,
  now = fleet.now,
): Ready | undefined => pickFrom(new FleetRoutes(fleet, now), query, recent, now);

/**
 * The same of any source. Failing copies come last, then those on servers that drain with a deadline. Of the others the one
 * that the key leads to comes first, without a key the least recently used.
 */
export function pickFrom<Key, Copy extends RoutableCopy>(
  source: RouteSource<Key, Copy>,
  query: RouteQuery,
  recent: RecentUses,
  now: Instant,
): Copy | undefined {
  const copies = foremost(source, query);
  const { model, affinityKey: key } = query;
  if (key !== undefined)
    return copyForKey(copies, { key, model }, ({ id }) => recent.handedOut.inLastSecond(id, now));
  let best = copies[0];
  for (const copy of copies) if (usedAt(copy, recent) < usedAt(best!, recent)) best = copy;
  return best;
}

/** The copies that the caller may be sent to, less those that come behind others of them. */
function foremost<Key, Copy extends RoutableCopy>(
  source: RouteSource<Key, Copy>,
  { model, version, avoid }: RouteQuery,
): Copy[] {
  const first: Copy[] = [];
  let least = Infinity;
  for (const key of source.copiesOf(model) ?? []) {
    const copy = source.routable(key);
    if (!copy || !hasVersion(copy, version) || avoid.includes(copy.server)) continue;
    const place = (source.isFailing(copy) ? 2 : 0) + (source.isEnding(copy) ? 1 : 0);
    if (place < least) first.length = 0;
    least = Math.min(least, place);
    if (place === least) first.push(copy);
  }
  return first;
}

const usedAt = (copy: RoutableCopy, recent: RecentUses): Instant => recent.lastUse(copy.id) ?? copy.lastUse;

export const hasVersion = ({ versions }: Pick<Ready, 'versions'>, version: string | null): boolean =>
  version === null || versions.includes(version);

/** The routes of a fleet. */
class FleetRoutes implements RouteSource<ReplicaId, Ready> {
  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Instant,
  ) {}

  copiesOf(model: ModelId): Iterable<ReplicaId> | undefined {
    return isDisabled(this.fleet, model) ? undefined : this.fleet.holders.get(model);
  }

  routable(id: ReplicaId): Ready | undefined {
    const replica = this.fleet.replicas.get(id)!;
    return isRoute(this.fleet, replica, this.now) ? replica : undefined;
  }

  isFailing(replica: Ready): boolean {
    return isFailing(replica);
  }

  isEnding({ server }: Ready): boolean {
    return this.fleet.servers.get(server)?.drain?.deadline != null;
  }
}

const isDisabled = ({ models }: Readonly<Fleet>, model: ModelId): boolean =>
  models.get(model)?.enabled === false;

const isServing = (fleet: Readonly<Fleet>, replica: Replica): replica is Ready =>
  replica.phase === 'ready' && isRoutable(fleet.servers.get(replica.server)!) && isWhole(fleet, replica);

/** A route of which nothing would be left is none: a frozen fleet keeps a copy ready beyond the end of its leases. */
const isRoute = (fleet: Readonly<Fleet>, replica: Replica, now = fleet.now): replica is Ready =>
  isServing(fleet, replica) && leasesOnEndBy(fleet, replica) - now >= 1;

/** The ready replicas of a model that may be routed to now. */
export const routableReplicas = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter((replica) => isRoute(fleet, replica));

/** A copy that may be routed to, as watchers of routes are told it. */
export interface RouteRow extends Pick<Ready, 'id' | 'model' | 'server' | 'versions' | 'devices'> {
  readonly isFailing: boolean;
  /** Whether its server drains with a deadline. */
  readonly isEnding: boolean;
  /** When leases on it end at the latest; infinite where no drain cuts them. */
  readonly leasesEndBy: Instant;
}

/** What watchers are told of a replica; undefined where it may not be routed to. */
export function routeRow(fleet: Readonly<Fleet>, id: ReplicaId): RouteRow | undefined {
  const replica = fleet.replicas.get(id);
  if (!replica || !isServing(fleet, replica) || isDisabled(fleet, replica.model)) return undefined;
  const { model, server, versions, devices } = replica;
  return {
    ...{ id, model, server, versions, devices },
    isFailing: isFailing(replica),
    isEnding: fleet.servers.get(server)?.drain?.deadline != null,
    leasesEndBy: leasesOnEndBy(fleet, replica),
  };
}
