import { type EventOf, HandedOut, type Instant, type ReplicaId } from '#core';

/** The routes given between two turns: for each replica how many, the latest use and the latest end of a lease. */
export class Uses {
  private readonly latest = new Map<ReplicaId, { at: Instant; inUseUntil: Instant; routes: number }>();
  /** Outlasts turns, and has the routes that turns gave, too. */
  readonly handedOut = new HandedOut();

  note(replica: ReplicaId, at: Instant, inUseUntil: Instant): void {
    this.handedOut.note(replica, at);
    const use = this.latest.get(replica);
    if (!use) {
      this.latest.set(replica, { at, inUseUntil, routes: 1 });
      return;
    }
    use.at = at;
    use.routes += 1;
    if (inUseUntil > use.inUseUntil) use.inUseUntil = inUseUntil;
  }

  /** When the last route to it was given since the last turn; undefined where none was. */
  lastUse(replica: ReplicaId): Instant | undefined {
    return this.latest.get(replica)?.at;
  }

  /** Tells of them once: an event, or none where there were no routes. */
  take(): readonly EventOf<'RoutesUsed'>[] {
    if (this.latest.size === 0) return [];
    const uses = [...this.latest].map(([replica, use]) => ({ replica, ...use }));
    this.latest.clear();
    return [{ kind: 'RoutesUsed', uses }];
  }
}
