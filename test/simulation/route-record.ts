import {
  DEFAULT_LEASE,
  emptyFleet,
  type Event,
  type Fleet,
  type Instant,
  type ModelId,
  type Replica,
  type ReplicaId,
  type ServerId,
} from '#core';
import type { Route } from '#engine';
import { ForcedUnloads } from '../checkers/forced.js';

interface Given extends Pick<Route, 'model' | 'server'> {
  readonly at: Instant;
  until: Instant;
  /** Until when the next life of Berth has to keep it; never later than `until`. */
  outlives: Instant;
  /** Whether this life has given it, or has found the copy that an earlier one gave it on. */
  isFound: boolean;
}

/**
 * The routes one life of Berth has given: when the last one was, and until when a lease is good. Leases that an earlier
 * life gave are good as well, where Berth had the time to write them down.
 */
export class RouteRecord {
  private readonly given = new Map<ReplicaId, Given>();
  private readonly forced = new ForcedUnloads(emptyFleet());

  constructor(earlier?: RouteRecord) {
    for (const [id, { model, server, outlives }] of earlier?.given ?? [])
      this.given.set(id, { model, server, at: -Infinity, until: outlives, outlives, isFound: false });
  }

  note({ replica, model, server, lease }: Route, now: Instant): void {
    const before = this.given.get(replica);
    const until = Math.max(before?.until ?? 0, now + lease);
    const outlives = before?.outlives ?? -Infinity;
    this.given.set(replica, { model, server, at: now, until, outlives, isFound: true });
  }

  /** A lease has been given for so long that it outlives Berth, whatever becomes of the process. */
  keep(replica: ReplicaId, until: Instant): void {
    const given = this.given.get(replica);
    if (given) given.outlives = Math.max(given.outlives, Math.min(given.until, until));
  }

  /** Berth has ended in order. */
  keepAll(): void {
    for (const given of this.given.values()) given.outlives = given.until;
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
    for (const [id, given] of this.given) if (given.model === model) this.cut(id, now);
  }

  /** The leases on a copy are worth nothing any more. */
  cut(replica: ReplicaId, now: Instant): void {
    const given = this.given.get(replica);
    if (given) Object.assign(given, { until: now, outlives: -Infinity } satisfies Partial<Given>);
  }

  /** The routes to a server that has died lead nowhere. */
  forget(server: ServerId): void {
    for (const [id, given] of this.given) if (given.server === server) this.given.delete(id);
  }

  /**
   * After a turn: what was seen gone takes its leases with it, whatever comes up under its name later. Says whether a copy
   * was found on which an earlier life gave a lease longer than a new one grants by itself.
   */
  follow(fleet: Readonly<Fleet>, now: Instant): boolean {
    let hasOutlived = false;
    for (const [id, given] of this.given) {
      const phase = fleet.replicas.get(id)?.phase;
      if (given.isFound ? isGone(phase) : isMissing(fleet, id, given)) {
        this.given.delete(id);
      } else if (!given.isFound && (phase === 'ready' || phase === 'draining')) {
        given.isFound = true;
        hasOutlived ||= given.until > now + DEFAULT_LEASE;
      }
    }
    return hasOutlived;
  }
}

/** Whether a copy that was there has left; another may have its place, or be loaded, in the turn in which that was heard. */
const isGone = (phase: Replica['phase'] | undefined): boolean =>
  phase === undefined || phase === 'unknown' || phase === 'placed' || phase === 'loading';

/** Whether this life knows that the copy is not there: the server was looked at, or is none of its servers any more. */
function isMissing({ replicas, servers }: Readonly<Fleet>, id: ReplicaId, { server }: Given): boolean {
  const phase = replicas.get(id)?.phase;
  if (phase === 'placed' || phase === 'loading') return true;
  return phase === undefined && servers.get(server)?.lookedAt !== null;
}
