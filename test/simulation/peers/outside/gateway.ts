import { type Instant, type Millis, type ModelId, type ReplicaId, replicaId, type ServerId } from '#core';
import type {
  ReportedUse,
  RouteEvent,
  RouteVersion,
} from '../../../../apps/scheduler/src/cluster/replication/route-event.js';
import { Process } from '../../process.js';
import { Random } from '../../random.js';
import { reportAsGateway, watchAsGateway } from './as-gateway.js';
import type { Peer } from '../peer.js';
import type { Scenery } from '../scenery.js';

/** A row is good for so long after the last event came. */
const GOOD_FOR = 8_000;
/** An event is under way for so long at most, less what the network takes. */
const MAX_WAY = 1_990;
/** One that hears nothing for so long watches another peer. */
const SILENT = 3_500;
const TICK = 1_000;
const MAX_LEASE = 10_000;

interface GatewayRow {
  readonly model: ModelId;
  readonly server: ServerId;
}

interface Lease extends GatewayRow {
  at: Instant;
  until: Instant;
  routes: number;
}

/** A report is under way for so long at most, where it acknowledges something. */
const MAX_REPORT_WAY = 3_000;

/** A gateway that keeps the routes itself, as docs/api.md says: it watches any peer, and acknowledges what it is told, or not. */
export class Gateway {
  readonly process: Process;
  private readonly random: Random;
  private readonly ways: Random;
  private readonly acks: Random;
  private readonly rows = new Map<ReplicaId, GatewayRow>();
  /** Rows that were there before the table was begun anew, and have not been told since. */
  private old: Set<ReplicaId> | null = null;
  private readonly leases = new Map<ReplicaId, Lease>();
  private version: RouteVersion | null = null;
  private heardAt: Instant = -Infinity;
  private watched: { readonly peer: Peer; close: () => void } | null = null;
  private watchedAt: Instant = -Infinity;
  /** Until then it reads nothing of what it is sent. */
  private deafUntil: Instant = -Infinity;

  constructor(
    readonly name: string,
    private readonly scenery: Scenery,
    private readonly peers: ReadonlyMap<string, Peer>,
    /** How often it acknowledges an event, as a share. */
    private readonly acknowledges: number,
  ) {
    this.process = new Process(scenery.agenda);
    this.random = new Random(scenery.plan.seed, `gateway ${name}`);
    this.ways = new Random(scenery.plan.seed, `ways to ${name}`);
    this.acks = new Random(scenery.plan.seed, `acknowledgements of ${name}`);
    this.tick();
    this.routeNext();
  }

  /** Whether it may lead a request to a copy at this moment. */
  goesBy(id: ReplicaId): boolean {
    return this.isGood && this.rows.has(id);
  }

  /** It reads nothing for a while. */
  deafen(ms: number): void {
    const { agenda } = this.scenery;
    this.deafUntil = agenda.now() + ms;
    agenda.after(ms, () => {
      const { peer } = this.watched ?? {};
      peer?.process.receive(() => peer.own.publisher.flushAll(peer.process.now()));
    });
  }

  private get isGood(): boolean {
    return this.process.now() - this.heardAt <= GOOD_FOR;
  }

  private tick(): void {
    const now = this.process.now();
    if (!this.watched || now - Math.max(this.heardAt, this.watchedAt) > SILENT) this.watch();
    this.report(now);
    this.process.after(TICK, () => this.tick());
  }

  private watch(): void {
    const { network } = this.scenery;
    const before = this.watched;
    if (before) network.send(this.name, before.peer.name, before.peer.process, () => before.close());
    const peer = this.random.pick([...this.peers.values()]);
    const watched = { peer, close: (): void => undefined };
    this.watched = watched;
    this.watchedAt = this.process.now();
    const drop = (): void => void (this.watched = null);
    const way = this.ways.spread(1, MAX_WAY);
    const late = (run: () => void) => (): void =>
      void this.process.after(way, () => this.watched === watched && run());
    // A stream without a gap: where something is lost it has ended.
    const back = (run: () => void): void =>
      network.send(peer.name, this.name, this.process, late(run), late(drop));
    const isDeaf = (): boolean => this.process.now() < this.deafUntil;
    const stream = {
      ...this.named,
      get isFree() {
        return !isDeaf();
      },
      write: (event: RouteEvent): void => back(() => this.hear(event)),
      end: (): void => back(drop),
    };
    const have = this.version;
    network.send(
      this.name,
      peer.name,
      peer.process,
      () => (watched.close = watchAsGateway(peer, stream, have)),
    );
  }

  private hear({ resets, hasMore, rows, gone, version }: RouteEvent): void {
    this.heardAt = this.process.now();
    if (resets) this.old = new Set(this.rows.keys());
    for (const { model, server } of rows) {
      const id = replicaId(model, server);
      this.rows.set(id, { model, server });
      this.old?.delete(id);
    }
    for (const { model, server } of gone) this.rows.delete(replicaId(model, server));
    if (hasMore) return;
    for (const id of this.old ?? []) this.rows.delete(id);
    this.old = null;
    this.version = version;
    if (this.acks.chance(this.acknowledges)) this.acknowledge(this.watched!.peer, version);
  }

  private get named() {
    const watcher = this.scenery.plan.haveOneName ? 'gateway' : this.name;
    return { watcher, credential: 'gateways' };
  }

  /** With all leases that it gave: what is unloaded for that is not in use then. It may come when another peer is watched. */
  private acknowledge(peer: Peer, version: RouteVersion): void {
    const now = this.process.now();
    this.send(peer, now, version, this.acks.spread(1, MAX_REPORT_WAY));
  }

  private routeNext(): void {
    this.process.after(this.random.pause(400), () => {
      if (this.isGood && this.rows.size > 0) this.route(this.random.pick([...this.rows]));
      this.routeNext();
    });
  }

  private route([id, row]: readonly [ReplicaId, GatewayRow]): void {
    const now = this.process.now();
    const until = now + this.random.spread(500, MAX_LEASE);
    const lease = this.leases.get(id) ?? { ...row, at: now, until, routes: 0 };
    this.leases.set(id, {
      ...lease,
      ...{ at: now, until: Math.max(until, lease.until), routes: lease.routes + 1 },
    });
    this.scenery.referee.routes(this.name, id, this.scenery.sites.get(row.server)!);
  }

  /** To any peer. */
  private report(now: Instant): void {
    for (const [id, { until }] of this.leases) if (until <= now) this.leases.delete(id);
    if (this.leases.size > 0) this.send(this.random.pick([...this.peers.values()]), now, null, 0);
    if (this.acknowledges === 0) this.leases.clear();
  }

  /** What has arrived is a lease that no unload may break. */
  private send(peer: Peer, now: Instant, acknowledged: RouteVersion | null, way: Millis): void {
    const { agenda, network, referee, sites } = this.scenery;
    const told = [...this.leases].filter(([, { until }]) => until > now);
    const uses = told.map(([, lease]) => useOf(lease, now));
    const arrive = (): void => {
      if (!peer.isAlive) return;
      for (const [id, { until, server }] of told) referee.reports(this.name, id, until, sites.get(server)!);
      reportAsGateway(peer, this.named, uses, acknowledged);
    };
    agenda.after(way, () => network.send(this.name, peer.name, peer.process, arrive));
  }
}

const useOf = ({ model, server, at, until, routes }: Lease, now: Instant): ReportedUse => ({
  ...{ model, server, routes },
  lastUsedMsAgo: now - at,
  inUseForMs: until - now,
});
