import type { Instant, ReplicaId, RouteRow, ServerId } from '#core';
import type { Beat, RouteVersion, WatchedServer } from './route-event.js';

/** The routes that watchers are told: those of a leader's fleet, or those of a table. */
export interface RouteFeed {
  readonly version: RouteVersion;
  /** Whether the routes may be told: until then watchers are told beats alone. */
  readonly isReady: boolean;
  beat(now: Instant): Beat;
  /** Every replica that may have a row. */
  replicas(): Iterable<ReplicaId>;
  /** Undefined: the replica may not be routed to. */
  row(id: ReplicaId): RouteRow | undefined;
  servers(): Iterable<ServerId>;
  /** Undefined: there is no such server any more. */
  server(id: ServerId): WatchedServer | undefined;
}
