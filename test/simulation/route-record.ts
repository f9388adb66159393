import type { Instant, ModelId, ReplicaId } from '#core';
import type { Route } from '#engine';

/** The routes one life of Berth has given: when the last one was, and until when a lease is good. */
export class RouteRecord {
  private readonly given = new Map<ReplicaId, { model: ModelId; at: Instant; until: Instant }>();

  note({ replica, model, lease }: Route, now: Instant): void {
    const until = Math.max(this.given.get(replica)?.until ?? 0, now + lease);
    this.given.set(replica, { model, at: now, until });
  }

  lastAt(replica: ReplicaId): Instant {
    return this.given.get(replica)?.at ?? -Infinity;
  }

  leasedUntil(replica: ReplicaId): Instant {
    return this.given.get(replica)?.until ?? -Infinity;
  }

  /** By the operator's force the leases of a model are worth nothing any more. */
  breakLeases(model: ModelId, now: Instant): void {
    for (const route of this.given.values()) if (route.model === model) route.until = now;
  }
}
