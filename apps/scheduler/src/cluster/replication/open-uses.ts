import { HandedOut, type Instant, type ModelId, type ReplicaId, type ServerId } from '#core';
import type { ReportedUse } from './route-event.js';

interface OpenUse {
  readonly model: ModelId;
  readonly server: ServerId;
  at: Instant;
  inUseUntil: Instant;
  /** Routes that the leader has not heard of. */
  routes: number;
}

/** Uses that were reported, to be confirmed once the report has arrived. */
export interface UsesReport {
  readonly uses: readonly ReportedUse[];
  /** The leader has heard of them. */
  readonly arrived: () => void;
}

/** The routes that were given without the leader: for each replica until the last lease has ended, and the leader has heard of all. */
export class OpenUses {
  private readonly open = new Map<ReplicaId, OpenUse>();
  /** Those with routes that the leader has not heard of. */
  private readonly news = new Set<ReplicaId>();
  /** Without what gateways have given. */
  readonly handedOut = new HandedOut();

  note(
    row: { id: ReplicaId; model: ModelId; server: ServerId },
    at: Instant,
    until: Instant,
    routes = 1,
  ): void {
    const use = this.open.get(row.id);
    if (!use) {
      const { id, model, server } = row;
      this.open.set(id, { model, server, at, inUseUntil: until, routes });
      this.news.add(id);
      return;
    }
    if (use.routes === 0) this.news.add(row.id);
    use.routes += routes;
    if (at > use.at) use.at = at;
    if (until > use.inUseUntil) use.inUseUntil = until;
  }

  /** When the last route to it was given; undefined where that is long ago. */
  lastUse(id: ReplicaId): Instant | undefined {
    return this.open.get(id)?.at;
  }

  /** All that are open, or those of some replicas and what the leader has not heard of. What is over and was heard of is forgotten. */
  report(now: Instant, of: 'all' | Iterable<ReplicaId>): UsesReport {
    const ids = of === 'all' ? this.open.keys() : new Set([...of, ...this.news]);
    const told: (readonly [ReplicaId, OpenUse, number])[] = [];
    for (const id of ids) {
      const use = this.open.get(id);
      if (!use) continue;
      if (use.inUseUntil <= now && use.routes === 0) this.open.delete(id);
      else told.push([id, use, use.routes]);
    }
    return {
      uses: told.map(([, use, routes]) => reported(use, routes, now)),
      arrived: () => {
        for (const [id, use, routes] of told) if ((use.routes -= routes) === 0) this.news.delete(id);
      },
    };
  }
}

const reported = ({ model, server, at, inUseUntil }: OpenUse, routes: number, now: Instant): ReportedUse => ({
  ...{ model, server, routes },
  lastUsedMsAgo: Math.max(0, Math.floor(now - at)),
  inUseForMs: Math.max(0, Math.ceil(inUseUntil - now)),
});
