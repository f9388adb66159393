import {
  type Instant,
  type Millis,
  type ModelId,
  pickFrom,
  type ReplicaId,
  replicaId,
  type ServerId,
} from '#core';
import type { RouteServerMessage } from '#contracts';
import type { ResolveQuery, Route } from '#engine';
import {
  type Beat,
  type RouteEvent,
  type RouteVersion,
  sentAge,
  type SentRow,
  type WatchedServer,
} from './route-event.js';
import { MAX_PEER_LEASE, TABLE_GOOD_FOR } from './times.js';
import { OpenUses } from './open-uses.js';
import { RouteRows } from './route-rows.js';

/**
 * The longest lease of a gateway after its table was good: the way to a gateway may be slow for as long as its table is
 * good without news, then that table is good for as long again, and so is a lease given by it at the end.
 */
const GATEWAYS_DONE_AFTER: Millis = 2 * TABLE_GOOD_FOR + MAX_PEER_LEASE;
/** Bound of withdrawals that are remembered for that. */
const MAX_WITHDRAWN = 50_000;

/** What a table is made of. */
export interface TableParts {
  readonly now: () => Instant;
  /** The staleness bound: where the leader's lease was last renewed longer ago, the table is out of date. */
  readonly bound: Millis;
  /** Whether a look of this process' own, young enough, shows a model ready: routes that are out of date go by that alone. */
  readonly isShown: (model: ModelId, server: ServerId) => boolean;
}

/** What has changed in a table. */
export type OnChanged = (replicas: ReadonlySet<ReplicaId>, servers: ReadonlySet<ServerId>) => void;

/**
 * The routes that a leader has told. It lasts as long as the process. Of a new leader's term the rows of a server replace those
 * of before once that leader has looked at the server; until then the rows of before stand.
 */
export class RouteTable {
  /** Rows that are out of date lead only to what a look has shown. */
  private readonly routes = new RouteRows(
    ({ model, server, leasesEndBy }) =>
      leasesEndBy - this.parts.now() >= 1 && (!this.isOutOfDate || this.parts.isShown(model, server)),
  );
  readonly rows = this.routes.all;
  private readonly told = new Map<ServerId, WatchedServer & { readonly snapshot: number }>();
  readonly servers: ReadonlyMap<ServerId, WatchedServer> = this.told;
  readonly uses = new OpenUses();
  private snapshot = 0;
  /** Whether the table was begun anew, and is not whole yet. */
  private isBegun = false;
  /** Whether rows of an earlier snapshot are kept. */
  private hasOld = false;
  private renewedAt: Instant = -Infinity;
  private isLeaderEnding = false;
  private whole: RouteVersion = { term: 0, sequence: 0 };
  private changedRows = new Set<ReplicaId>();
  private changedServers = new Set<ServerId>();
  private withdrawn = new Set<ReplicaId>();
  /** When rows were withdrawn, the earliest first. */
  private readonly withdrawnAt = new Map<ReplicaId, Instant>();
  private tell: OnChanged = () => undefined;
  constructor(private readonly parts: TableParts) {}

  /** Of the last table that was told as a whole; term 0 before the first. */
  get version(): RouteVersion {
    return this.whole;
  }

  /** Whether a table was ever received. */
  get isReceived(): boolean {
    return this.whole.term > 0;
  }

  /** Whether watchers of this table may be told of it. */
  get isReady(): boolean {
    return this.isReceived && !this.isOutOfDate;
  }

  /** How long ago the leader's lease was last renewed, at most. */
  get age(): Millis {
    return this.parts.now() - this.renewedAt;
  }

  get isOutOfDate(): boolean {
    return this.age > this.parts.bound;
  }

  /** Has `tell` hear of each change, once it is whole. */
  follow(tell: OnChanged): void {
    this.tell = tell;
  }

  /** The rows that are gone since this was asked last. */
  takeWithdrawn(): ReadonlySet<ReplicaId> {
    const { withdrawn } = this;
    this.withdrawn = new Set();
    return withdrawn;
  }

  /** The route to a warm model; undefined where the leader has to be asked. Where it cannot be, longer leases are cut. */
  route(query: ResolveQuery, isCut = false): Route | undefined {
    if (query.lease > MAX_PEER_LEASE && !isCut) return undefined;
    const now = this.parts.now();
    const row = pickFrom(this.routes, query, this.uses, now);
    if (!row) return undefined;
    const lease = Math.min(query.lease, MAX_PEER_LEASE, Math.floor(row.leasesEndBy - now));
    this.uses.note(row, now, now + lease);
    this.uses.handedOut.note(row.id, now);
    const { term, sequence } = this.whole;
    return {
      kind: 'route',
      model: row.model,
      version: query.version ?? row.versions.at(-1) ?? '',
      server: row.server,
      replica: row.id,
      devices: row.devices,
      ...{ term, sequence, lease, cold: false, waited: 0 },
      ...(this.isOutOfDate && { stale: true }),
    };
  }

  /** Whether there is a route, if with a shorter lease than the leader may give. */
  isWarm(query: ResolveQuery): boolean {
    return this.present(query) !== undefined;
  }

  /** The server of a copy that may be routed to. Nothing counts as used. */
  present(query: ResolveQuery): RouteServerMessage | undefined {
    const row = pickFrom(this.routes, query, this.uses, this.parts.now());
    return row && this.routeServer(row.server);
  }

  /** No lease of a gateway lasts longer, also not by the table of a peer that has heard of no withdrawal. */
  gatewaysDoneBy(id: ReplicaId): Instant {
    const knownAt = this.rows.get(id) ? this.renewedAt : this.withdrawnAt.get(id);
    return (knownAt ?? -Infinity) + this.parts.bound + GATEWAYS_DONE_AFTER;
  }

  /** Takes up what the leader tells. It was sent after `sentAfter`: what it says of times is counted from then. */
  take(event: RouteEvent, sentAfter: Instant): void {
    const { version, beat } = event;
    if (version.term < this.whole.term) return;
    if (event.resets) this.begin();
    for (const server of event.servers) this.setServer(server);
    for (const id of event.serversGone) this.dropServer(id);
    for (const row of event.rows) this.setRow(row, sentAfter);
    for (const { model, server } of event.gone) this.drop(replicaId(model, server));
    if (event.hasMore) return;
    const isNewTerm = version.term > this.whole.term;
    this.whole = version;
    this.sweep();
    const renewedAt = sentAfter - beat.renewedAgoMs;
    this.renewedAt = isNewTerm ? renewedAt : Math.max(this.renewedAt, renewedAt);
    this.isLeaderEnding = beat.isEnding;
    this.tellChanges();
  }

  routeServer(id: string): RouteServerMessage {
    return this.told.get(id as ServerId)?.server ?? { id, grpc: '', http: null, labels: {} };
  }

  beat(): Beat {
    return { renewedAgoMs: sentAge(this.age), isEnding: this.isLeaderEnding };
  }

  /** Rows that were out of date are not kept: what they lead to may be gone since. */
  private begin(): void {
    this.snapshot += 1;
    this.isBegun = true;
    this.hasOld = this.rows.size > 0;
    if (!this.isOutOfDate) return;
    for (const id of this.rows.keys()) this.drop(id);
  }

  private setServer(server: WatchedServer): void {
    const id = server.server.id as ServerId;
    this.told.set(id, { ...server, snapshot: this.snapshot });
    this.changedServers.add(id);
  }

  private dropServer(id: ServerId): void {
    if (this.told.delete(id)) this.changedServers.add(id);
  }

  private setRow({ leasesEndInMs = Infinity, ...row }: SentRow, sentAfter: Instant): void {
    const leasesEndBy = sentAfter + leasesEndInMs;
    const id = replicaId(row.model, row.server);
    this.routes.put({ ...row, id, leasesEndBy, lastUse: -Infinity, snapshot: this.snapshot });
    this.changedRows.add(id);
  }

  private drop(id: ReplicaId): void {
    if (!this.routes.delete(id)) return;
    this.changedRows.add(id);
    this.withdrawn.add(id);
    this.noteWithdrawal(id, this.parts.now());
  }

  private noteWithdrawal(id: ReplicaId, now: Instant): void {
    const { withdrawnAt } = this;
    withdrawnAt.delete(id);
    withdrawnAt.set(id, now);
    for (const [one, at] of withdrawnAt) {
      if (now - at < this.parts.bound + GATEWAYS_DONE_AFTER && withdrawnAt.size <= MAX_WITHDRAWN) return;
      withdrawnAt.delete(one);
    }
  }

  /** What an earlier snapshot told is gone, but for the rows of servers at which the leader has not looked yet. */
  private sweep(): void {
    if (this.isBegun)
      for (const [id, { snapshot }] of this.told) if (snapshot < this.snapshot) this.dropServer(id);
    if (this.hasOld && (this.isBegun || this.changedServers.size > 0)) this.sweepRows();
    this.isBegun = false;
  }

  private sweepRows(): void {
    this.hasOld = false;
    for (const { id, server, snapshot } of this.rows.values()) {
      if (snapshot === this.snapshot) continue;
      if (this.told.get(server)?.isObserved === false) this.hasOld = true;
      else this.drop(id);
    }
  }

  private tellChanges(): void {
    const { changedRows, changedServers } = this;
    if (changedRows.size + changedServers.size === 0) return;
    this.changedRows = new Set();
    this.changedServers = new Set();
    this.tell(changedRows, changedServers);
  }
}
