import type { EventOf, Instant, ReplicaId } from '#core';

type Use = EventOf<'RoutesUsed'>['uses'][number];

/** Routes handed out between two turns: how many, the latest use and the latest lease end of each replica. */
export class Uses {
  private readonly latest = new Map<ReplicaId, { at: Instant; inUseUntil: Instant; routes: number }>();

  note(replica: ReplicaId, at: Instant, inUseUntil: Instant): void {
    const use = this.latest.get(replica);
    if (!use) {
      this.latest.set(replica, { at, inUseUntil, routes: 1 });
      return;
    }
    use.at = at;
    use.routes += 1;
    if (inUseUntil > use.inUseUntil) use.inUseUntil = inUseUntil;
  }

  /** When a route to it was last handed out since the last turn; undefined where none was. */
  lastUse(replica: ReplicaId): Instant | undefined {
    return this.latest.get(replica)?.at;
  }

  take(): readonly Use[] {
    if (this.latest.size === 0) return [];
    const uses = [...this.latest].map(([replica, use]) => ({ replica, ...use }));
    this.latest.clear();
    return uses;
  }
}
