import { emptyFleet, type Event, type Instant, type ModelId, type ReplicaId, type ServerId } from '#core';
import type { Route } from '#engine';
import { ForcedUnloads } from '../checkers/forced.js';

/** The routes one life of Berth has given: when the last one was, and until when a lease is good. */
export class RouteRecord {
  private readonly given = new Map<ReplicaId, { route: Route; at: Instant; until: Instant }>();
  private readonly forced = new ForcedUnloads(emptyFleet());

  note(route: Route, now: Instant): void {
    const { replica, lease } = route;
    const until = Math.max(this.given.get(replica)?.until ?? 0, now + lease);
    this.given.set(replica, { route, at: now, until });
  }

  lastAt(replica: ReplicaId): Instant {
    return this.given.get(replica)?.at ?? -Infinity;
  }

  leasedUntil(replica: ReplicaId): Instant {
    return this.given.get(replica)?.until ?? -Infinity;
  }

  /** By an admin's force the leases of a model are worth nothing any more. */
  hear(event: Event, now: Instant): void {
    for (const model of this.forced.hear(event)) this.breakLeases(model, now);
  }

  private breakLeases(model: ModelId, now: Instant): void {
    for (const given of this.given.values()) if (given.route.model === model) given.until = now;
  }

  /** The routes to a server that has died lead nowhere. */
  forget(server: ServerId): void {
    for (const [id, { route }] of this.given) if (route.server === server) this.given.delete(id);
  }

  forgetWhere(isLost: (replica: ReplicaId) => boolean): void {
    for (const id of this.given.keys()) if (isLost(id)) this.given.delete(id);
  }
}
