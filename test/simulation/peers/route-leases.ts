import { DEFAULT_LEASE, type Instant, type ReplicaId, type ServerId } from '#core';
import type { Timers } from '#triton-simulator';

/** A lease of a route, on a copy in one life of its server. */
interface RouteLease {
  readonly givenBy: string;
  readonly incarnation: number;
  until: Instant;
  /** Whether it is stored, and confirmed: a takeover has to keep all of it. */
  isKept: boolean;
}

/** The leases that all peers have given, and what no unload may break of them. */
export class RouteLeases {
  private readonly byReplica = new Map<ReplicaId, RouteLease[]>();

  constructor(private readonly timers: Timers) {}

  note(id: ReplicaId, lease: Omit<RouteLease, 'isKept'>): void {
    const now = this.timers.now();
    const known = (this.byReplica.get(id) ?? []).filter(({ until }) => until > now);
    this.byReplica.set(id, [...known, { ...lease, isKept: false }]);
  }

  forget(id: ReplicaId): void {
    this.byReplica.delete(id);
  }

  forgetAll(): void {
    this.byReplica.clear();
  }

  /** One that holds at this moment. */
  held(id: ReplicaId, incarnation: number): RouteLease | undefined {
    const now = this.timers.now();
    return this.byReplica.get(id)?.find((one) => one.until > now && one.incarnation === incarnation);
  }

  /** Whether every long lease that was given by now, on any copy, is kept. */
  notKept(id: ReplicaId): RouteLease | undefined {
    const now = this.timers.now();
    return this.byReplica.get(id)?.find((one) => one.until > now + DEFAULT_LEASE && !one.isKept);
  }

  /** The ends of long leases on a server are stored, by the wall clock of the world. */
  keep(server: string, ends: Readonly<Record<string, number>>): void {
    for (const [model, stored] of Object.entries(ends))
      for (const lease of this.byReplica.get(`${model}@${server as ServerId}` as ReplicaId) ?? [])
        if (lease.until <= stored) lease.isKept = true;
  }

  /** The store has lost what it had confirmed. */
  loseAll(): void {
    for (const leases of this.byReplica.values()) for (const lease of leases) lease.isKept = false;
  }

  /** Another peer leads: what was not stored yet lasts no longer than what it grants to each copy that it finds. */
  takenOver(): void {
    const most = this.timers.now() + DEFAULT_LEASE;
    for (const leases of this.byReplica.values())
      for (const lease of leases) if (!lease.isKept) lease.until = Math.min(lease.until, most);
  }
}
