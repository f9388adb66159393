import { Now } from '#core';
import {
  type Fleet,
  type Instant,
  isSettling,
  type ReplicaId,
  routeRow,
  type Server,
  type ServerId,
} from '#core';
import type { RouteServerMessage } from '#contracts';
import type { Leadership } from '#engine';
import type { RouteTable } from './route-table.js';
import { toldOf } from './route-publisher.js';
import type { WatchedServer } from './route-event.js';

/** What is known of servers beside the core. */
export interface ServerAddresses {
  /** Rises with every change of what is known of a server. */
  readonly changes: number;
  /** What routes tell of a server: the same object as long as it is unchanged. */
  routeServer(id: string): RouteServerMessage;
}

/** Has the table of this process say what the fleet of a leader does. */
export class FleetFeed {
  /** The servers as they were last told. */
  private readonly servers = new Map<ServerId, WatchedServer>();
  private readonly rows = { get: (id: ReplicaId) => routeRow(this.fleet, id) };
  private addressesAt = -1;
  private unobserved = 0;
  /** Whether the table is one of this term: watchers may be told of it. */
  hasTold = false;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly addresses: ServerAddresses,
    private readonly leading: Pick<Leadership, 'term' | 'renewedAgo'>,
    private readonly table: Pick<RouteTable, 'take'>,
  ) {}

  /** Tells all at first, then what has changed of these replicas and of servers. `isEnding`: the leader lets go. */
  tell(changed: Iterable<ReplicaId>, now: Instant, isEnding = false): void {
    const { fleet, leading } = this;
    if (!this.hasTold && !this.isReady(now)) return;
    const resets = !this.hasTold;
    this.hasTold = true;
    const servers = new Set(this.changedServers(now));
    const replicas = new Set(resets ? fleet.replicas.keys() : changed);
    const event = {
      ...{ number: 0, resets, hasMore: false },
      version: { term: leading.term, sequence: fleet.routesRevision },
      beat: { renewedAgoMs: leading.renewedAgo(), isEnding },
      ...toldOf({ rows: this.rows, servers: this.servers }, { replicas, servers }, now),
    };
    this.table.take(event, now);
  }

  /** What has changed is not told from now on; next time all is. */
  pause(): void {
    this.hasTold = false;
    this.servers.clear();
    this.addressesAt = -1;
  }

  /** Servers that are not declared yet would be missed: what leads to them is not withdrawn for that. */
  private isReady(now: Instant): boolean {
    const { fleet } = this;
    return fleet.startedAt !== null && !(fleet.serversAwaited && isSettling(fleet, new Now(now)));
  }

  /** The servers of which something else is to be told than before. Where all is known and nothing was declared it costs nothing. */
  private changedServers(now: Instant): ServerId[] {
    const { fleet, addresses, servers: told } = this;
    const isSame = addresses.changes === this.addressesAt && told.size === fleet.servers.size;
    if (isSame && this.unobserved === 0) return [];
    this.addressesAt = addresses.changes;
    const gone = [...told.keys()].filter((id) => !fleet.servers.has(id));
    for (const id of gone) told.delete(id);
    const changed = [...fleet.servers.values()].flatMap((server) => this.retell(server, now));
    this.unobserved = [...told.values()].filter(({ isObserved }) => !isObserved).length;
    return [...gone, ...changed];
  }

  private retell(server: Server, now: Instant): ServerId[] {
    const { id } = server.spec;
    const before = this.servers.get(id);
    const address = this.addresses.routeServer(id);
    const isObserved = before?.isObserved || isObservedBy(this.fleet, server, now);
    if (before?.isObserved === isObserved && before.server === address) return [];
    this.servers.set(id, { server: address, isObserved });
    return [id];
  }
}

/**
 * Whether the leader knows what a server has: it has looked, or has found that no process listens, or may not look. After the
 * first seconds of a term a server that does not answer has no routes, as with one Berth alone.
 */
const isObservedBy = (fleet: Readonly<Fleet>, { lookedAt, contact, mode }: Server, now: Instant): boolean =>
  lookedAt !== null ||
  contact.kind === 'down' ||
  contact.kind === 'lost' ||
  (mode !== null && mode !== 'explicit') ||
  !isSettling(fleet, new Now(now));
