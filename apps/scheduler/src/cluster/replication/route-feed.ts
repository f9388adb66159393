import type { Logger } from 'pino';
import { type Awaited, awaitedWatchers, type Fleet, type Instant, Now, type WatcherId } from '#core';
import type { Engine, KnownPeers, Leadership, Observer, Route, Turn } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import type { WatchedTable } from './watched-table.js';
import { NO_LEADER } from '../../transport/lifecycle.js';
import { FleetFeed, type ServerAddresses } from './fleet-feed.js';
import { MAX_PEER_LEASE } from './times.js';
import { OwnWatcher } from './own-watcher.js';
import type { Stream } from './peer-line.js';
import { PeerSubscriptions } from './peer-subscriptions.js';
import type { AwaitedGateway, PeerReport, RouteVersion } from './route-event.js';

/** What the leader's part is made of. */
export interface RouteFeedParts {
  readonly engine: Pick<Engine, 'fleet' | 'now' | 'report'>;
  readonly addresses: ServerAddresses;
  readonly leadership: Leadership;
  /** Of this process. */
  readonly own: WatchedTable;
  readonly log: Pick<Logger, 'warn'>;
}

/** This process among its peers, as it begins to lead them. */
export interface AmongPeers {
  /** Its own name. */
  readonly name: string;
  readonly known: KnownPeers;
  /** When the last renewal of the leader before was seen, on this process' clock. */
  readonly lastRenewalSeenAt: Instant;
}

/** A Berth that has not acknowledged what is to be unloaded. */
export interface AwaitedBerth extends Awaited {
  /** Whether it is this process. */
  readonly isOwn: boolean;
  /** The gateways that it waits for; none: it is late itself. */
  readonly gateways: readonly AwaitedGateway[];
}

/** The leader's word on routes, for one term: it feeds the table of this process, which its peers and gateways watch. */
export class RouteFeed implements Observer {
  readonly subscriptions: PeerSubscriptions;
  private readonly feed: FleetFeed;
  private isFed = false;
  private readonly watcher: OwnWatcher;
  private readonly stored = new Set<string>();
  private peers: AmongPeers | null = null;

  constructor(private readonly parts: RouteFeedParts) {
    const { engine, addresses, leadership, own } = parts;
    this.feed = new FleetFeed(engine.fleet, addresses, leadership, own.table);
    this.watcher = new OwnWatcher(engine, own.gateways, leadership.term);
    this.subscriptions = new PeerSubscriptions({
      fleet: engine.fleet,
      term: leadership.term,
      publisher: own.publisher,
      tell: (...events) => engine.report(...events),
      patience: own.bound + MAX_PEER_LEASE,
      onGone: (name) => this.forget(name),
    });
  }

  /**
   * Reads which peers may have a table, has this one be among them, and tells the core: no copy is unloaded until they have
   * acknowledged, or were silent for long enough since the leader before was last heard of. Rejects where the store fails.
   */
  async begin(peers: AmongPeers): Promise<void> {
    for (const name of await peers.known.read()) this.stored.add(name);
    this.peers = peers;
    this.watcher.name = peers.name as WatcherId;
    await this.keep(peers.name);
    for (const name of this.stored)
      if (name !== peers.name) this.subscriptions.remember(name, peers.lastRenewalSeenAt);
    this.feedOwn();
    this.watcher.tell(this.parts.engine.now());
  }

  /** Whether another peer watches at present. */
  get isWatched(): boolean {
    return this.subscriptions.standings(this.parts.engine.now()).some(({ isWatching }) => isWatching);
  }

  get hasPeers(): boolean {
    return this.peers !== null;
  }

  /** To be called before a gateway is told the table of this process: from then on unloads wait for it. */
  expectGateway(): void {
    this.feedOwn();
    this.watcher.expect(this.parts.engine.now());
  }

  /** Feeds the table of this process. Among peers it always is: the next leader, or this one no more, goes by it. */
  feedOwn(): void {
    if (this.isFed) return;
    this.isFed = true;
    this.feed.tell([], this.parts.engine.now());
  }

  turnTaken({ now }: Turn, fleet: Fleet): void {
    if (this.isFed) this.feed.tell(fleet.rerouted, now);
  }

  /** A peer wants the table. Rejects where it cannot be stored that it has one, and before the first table of the term and after its end. */
  async open(
    name: string,
    stream: Stream,
    have: RouteVersion | null,
    configHash: string,
  ): Promise<() => void> {
    await this.keep(name);
    if (!this.feed.hasTold) throw new Refused(NO_LEADER);
    return this.subscriptions.open(name, stream, have, configHash, this.parts.engine.now());
  }

  report(name: string, report: PeerReport): void {
    this.subscriptions.report(name, report, this.parts.engine.now());
  }

  /**
   * A gateway that watches this process has acknowledged. Where an unload may wait for that the core hears of it at once, and of
   * the uses before it.
   */
  gatewayAcknowledged(): void {
    const now = this.parts.engine.now();
    if (!this.subscriptions.isDraining || !this.watcher.hasNews(now)) return;
    this.tellOwnUses(now, []);
    this.watcher.tell(now);
  }

  /** For which Berths unloads wait, and for which gateways each of them waits. */
  awaited(): AwaitedBerth[] {
    const { engine, leadership, own } = this.parts;
    const now = engine.now();
    return awaitedWatchers(engine.fleet, new Now(now)).map((one) => {
      const version = { term: leadership.term, sequence: one.revision };
      const isOwn = one.watcher === this.watcher.name;
      const gateways = isOwn ? own.gateways.awaited(version, now) : this.subscriptions.awaitedBy(one.watcher);
      return { ...one, isOwn, gateways };
    });
  }

  /** To be called once a second, before the watchers of the table are told a beat. */
  tick(now: Instant): void {
    const { own } = this.parts;
    if (this.peers === null && own.gateways.size === 0) this.stopFeed();
    if (this.isFed) this.feed.tell([], now);
    this.subscriptions.tick(now);
    this.tellOwnUses(now, 'all');
    this.watcher.tell(now);
  }

  /** Tells the peers that this leader lets go, and ends their streams. */
  async end(isShuttingDown: boolean): Promise<void> {
    const { peers } = this;
    const { engine, own } = this.parts;
    if (this.isFed) this.feed.tell([], engine.now(), true);
    own.publisher.beat(engine.now());
    this.stopFeed();
    this.subscriptions.end();
    // Then no table of this peer counts any more, and the next leader need not wait for it.
    if (isShuttingDown && peers !== null && own.gateways.size === 0)
      await peers.known.forget(peers.name).catch(() => undefined);
  }

  /**
   * To be called after the last turn of a term that another process follows on: this peer tells that one of the leases that it
   * gave as the leader, before it acknowledges any routes.
   */
  handOver(): void {
    const { engine, own } = this.parts;
    const now = engine.now();
    for (const one of engine.fleet.replicas.values())
      if ((one.phase === 'ready' || one.phase === 'draining') && one.inUseUntil > now)
        own.table.uses.note(one, now, one.inUseUntil, 0);
  }

  private stopFeed(): void {
    this.isFed = false;
    this.feed.pause();
  }

  /** Routes that were given from the table: by gateways, and by this process before it led, or before it had looked. */
  private tellOwnUses(now: Instant, of: 'all' | []): void {
    const { uses, arrived } = this.parts.own.table.uses.report(now, of);
    this.subscriptions.takeUses(uses, now);
    arrived();
  }

  /**
   * A route of the engine as it may be given; undefined where this leader's lease is out of date: then its table has to do. While
   * it is held a longer lease is cut, as it may not be kept.
   */
  withValidLease(route: Route): Route | undefined {
    const { leadership, own } = this.parts;
    if (leadership.renewedAgo() > own.bound) return undefined;
    const lease = Math.min(route.lease, MAX_PEER_LEASE);
    return lease === route.lease || leadership.mayAct() ? route : { ...route, lease };
  }

  private async keep(name: string): Promise<void> {
    const { peers } = this;
    if (peers === null || this.stored.has(name)) return;
    await peers.known.keep(name);
    this.stored.add(name);
  }

  private forget(name: string): void {
    this.stored.delete(name);
    this.peers?.known
      .forget(name)
      .catch((error: unknown) =>
        this.parts.log.warn({ err: error, peer: name }, 'a peer that is gone was not forgotten'),
      );
  }
}
