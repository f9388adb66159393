import {
  type Fleet,
  type Instant,
  isSettling,
  type ReplicaId,
  type RouteRow,
  routeRow,
  type Server,
  type ServerId,
} from '#core';
import type { RouteServerMessage } from '#contracts';
import { type Beat, type RouteVersion, sentAge, type WatchedServer } from './route-event.js';
import type { RouteFeed } from './route-feed.js';

/** What is known of servers beside the core. */
export interface ServerAddresses {
  /** Rises with every change of what is known of a server. */
  readonly changes: number;
  /** What routes tell of a server: the same object as long as it is unchanged. */
  routeServer(id: string): RouteServerMessage;
}

/** What the beats tell of the leader. */
export interface Leading {
  readonly term: number;
  renewedAgo(): number;
}

/** The routes of a leader's fleet. */
export class FleetFeed implements RouteFeed {
  /** The servers as they were last told. */
  private readonly told = new Map<ServerId, WatchedServer>();
  private addressesAt = -1;
  private unobserved = 0;
  private isEnding = false;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly addresses: ServerAddresses,
    private readonly leading: Leading,
  ) {}

  get version(): RouteVersion {
    return { term: this.leading.term, sequence: this.fleet.routesRevision };
  }

  /** Servers that are not declared yet would be missed: what leads to them is not withdrawn for that. */
  isReady = false;

  beat(): Beat {
    return { renewedAgoMs: sentAge(this.leading.renewedAgo()), isEnding: this.isEnding };
  }

  /** From now on the beats tell that the leader lets go. */
  end(): void {
    this.isEnding = true;
  }

  replicas(): Iterable<ReplicaId> {
    return this.fleet.replicas.keys();
  }

  row(id: ReplicaId): RouteRow | undefined {
    return routeRow(this.fleet, id);
  }

  servers(): Iterable<ServerId> {
    return this.told.keys();
  }

  server(id: ServerId): WatchedServer | undefined {
    return this.told.get(id);
  }

  /** The servers of which something else is to be told than before. Where all is known and nothing was declared it costs nothing. */
  changedServers(now: Instant): ServerId[] {
    const { fleet, addresses, told } = this;
    this.isReady ||= fleet.startedAt !== null && !(fleet.serversAwaited && isSettling(fleet, now));
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
    const before = this.told.get(id);
    const address = this.addresses.routeServer(id);
    const isObserved = before?.isObserved || isObservedBy(this.fleet, server, now);
    if (before?.isObserved === isObserved && before.server === address) return [];
    this.told.set(id, { server: address, isObserved });
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
  !isSettling(fleet, now);
