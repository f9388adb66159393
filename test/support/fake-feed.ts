import { type ModelId, type ReplicaId, replicaId, type RouteRow, type ServerId } from '#core';
import type {
  Beat,
  RouteVersion,
  WatchedServer,
} from '../../apps/scheduler/src/cluster/replication/route-event.js';
import type { RouteFeed } from '../../apps/scheduler/src/cluster/replication/route-publisher.js';

/** A row as a leader has it. */
export function aRow(model: string, server: string, parts: Partial<RouteRow> = {}): RouteRow {
  const id = replicaId(model as ModelId, server as ServerId);
  const names = { id, model: model as ModelId, server: server as ServerId };
  return {
    ...names,
    ...{ versions: ['1'], devices: [0], isFailing: false, isEnding: false, leasesEndBy: Infinity },
    ...parts,
  };
}

/** Of a table that no gateway watches. */
export const NO_GATEWAYS = {
  settled: (): RouteVersion => ({ term: Infinity, sequence: Infinity }),
  awaited: (): [] => [],
};

/** Routes as a leader has them, with a memory of what has changed since they were told last. */
export class FakeFeed implements RouteFeed {
  readonly rows = new Map<ReplicaId, RouteRow>();
  readonly servers = new Map<ServerId, WatchedServer>();
  sequence = 0;
  isReady = true;
  renewedAgo = 0;
  isEnding = false;
  private changedRows = new Set<ReplicaId>();
  private changedServers = new Set<ServerId>();

  constructor(readonly term = 1) {}

  get version(): RouteVersion {
    return { term: this.term, sequence: this.sequence };
  }

  put(row: RouteRow): this {
    if (!this.servers.has(row.server)) this.setServer(row.server);
    this.rows.set(row.id, row);
    return this.note(row.id);
  }

  drop(id: ReplicaId): this {
    return this.rows.delete(id) ? this.note(id) : this;
  }

  setServer(id: ServerId, isObserved = true): this {
    const server = { id, grpc: `${id}:8001`, http: null, labels: {} };
    this.servers.set(id, { server, isObserved });
    this.changedServers.add(id);
    return this;
  }

  dropServer(id: ServerId): this {
    for (const row of this.rows.values()) if (row.server === id) this.drop(row.id);
    this.servers.delete(id);
    this.changedServers.add(id);
    return this;
  }

  /** What has changed since this was asked last. */
  takeChanges(): readonly [ReadonlySet<ReplicaId>, ReadonlySet<ServerId>] {
    const changes = [this.changedRows, this.changedServers] as const;
    this.changedRows = new Set();
    this.changedServers = new Set();
    return changes;
  }

  beat(): Beat {
    return { renewedAgoMs: this.renewedAgo, isEnding: this.isEnding };
  }

  private note(id: ReplicaId): this {
    this.sequence += 1;
    this.changedRows.add(id);
    return this;
  }
}
