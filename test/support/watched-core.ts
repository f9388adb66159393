import {
  type Action,
  emptyFleet,
  type Event,
  type Instant,
  type Millis,
  type ModelId,
  type ReplicaId,
  replicaId,
  type ServerId,
} from '#core';
import { LeaderSession } from '../../apps/scheduler/src/cluster/replication/leader-session.js';
import { RouteTable } from '../../apps/scheduler/src/cluster/replication/route-table.js';
import { WatchedTable } from '../../apps/scheduler/src/cluster/replication/watched-table.js';
import { FleetFeed } from '../../apps/scheduler/src/cluster/replication/fleet-feed.js';
import { PeerSubscriptions } from '../../apps/scheduler/src/cluster/replication/peer-subscriptions.js';
import { aModel, aServer } from './builders.js';
import { NO_GATEWAYS } from './fake-feed.js';
import { query } from './running-engine.js';
import { Shelf } from './shelf.js';
import { decide } from './decide.js';

const BOUND: Millis = 30_000;
const PATIENCE: Millis = BOUND + 10_000;
const SERVER = 's' as ServerId;
const SECOND: Millis = 1_000;

/** A lease that a peer gave. */
export interface GivenLease {
  readonly replica: ReplicaId;
  readonly until: Instant;
}

/** Something under way between a peer and the leader. */
interface Letter {
  readonly at: Instant;
  readonly arrive: () => void;
}

/** One peer that follows, with a network that is slow, or silent. */
export class FollowingPeer {
  table: RouteTable;
  readonly leases: GivenLease[] = [];
  latency: Millis = 1;
  /** What is sent gets lost, in both directions. */
  isCut = false;
  private session: LeaderSession;
  private letters: Letter[] = [];
  private isReporting = false;
  private leave: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly core: WatchedCore,
  ) {
    this.table = this.emptyTable();
    this.session = this.open();
  }

  /** Is killed, and starts again at once under its name. */
  restart(): void {
    this.table = this.emptyTable();
    this.isCut = false;
    this.reopen();
  }

  /** Opens the stream anew, as after its connection broke. */
  reopen(): void {
    this.leave();
    this.letters = [];
    this.isReporting = false;
    this.session = this.open();
  }

  ask(model: string, lease: Millis): void {
    const route = this.table.route(query({ model: model as ModelId, lease }));
    if (route) this.leases.push({ replica: route.replica, until: this.core.now + route.lease });
  }

  /** Whether a caller would be sent to this replica. */
  routesTo(replica: ReplicaId): boolean {
    return !this.table.isOutOfDate && this.table.rows.has(replica);
  }

  get nextLetterAt(): Instant {
    return Math.min(Infinity, ...this.letters.map(({ at }) => at));
  }

  /** Letters arrive in their order. */
  receive(): void {
    const { now } = this.core;
    while (this.letters[0] && this.letters[0].at <= now) this.letters.shift()!.arrive();
    if (this.isReporting || !this.session.isDue(now)) return;
    this.isReporting = true;
    const { session } = this;
    const { report, arrived } = session.next(now);
    const isSent = this.post(() => {
      this.core.subscriptions.report(this.name, report, this.core.now);
      this.post(() => {
        arrived();
        this.isReporting = false;
      });
    });
    if (isSent) return;
    session.failed();
    this.isReporting = false;
  }

  private open(): LeaderSession {
    const { core, name, table } = this;
    const session = new LeaderSession(table, NO_GATEWAYS, core.now);
    const stream = {
      write: (event: Parameters<LeaderSession['hear']>[0]) =>
        void this.post(() => this.session === session && session.hear(event, core.now)),
      end: () => undefined,
    };
    if (!this.isCut)
      this.leave = core.subscriptions.open(
        name,
        stream,
        table.isReceived ? table.version : null,
        '',
        core.now,
      );
    return session;
  }

  private emptyTable(): RouteTable {
    return new RouteTable({ now: () => this.core.now, bound: BOUND, isShown: () => false });
  }

  private post(arrive: () => void): boolean {
    if (this.isCut) return false;
    const before = this.letters.at(-1)?.at ?? 0;
    this.letters.push({ at: Math.max(before, this.core.now + this.latency), arrive });
    return true;
  }
}

/** A core that leads two peers, on virtual time. Loads, looks and unloads are answered at once. */
export class WatchedCore {
  readonly fleet = emptyFleet();
  readonly shelf = new Shelf(['a', 'b', 'c']);
  readonly subscriptions: PeerSubscriptions;
  readonly peers: readonly FollowingPeer[];
  now: Instant = 1_000;
  private readonly own = new WatchedTable({ clock: { now: () => this.now }, bound: BOUND });
  private readonly feed: FleetFeed;
  private inbox: Event[] = [];
  private tickAt = 2_000;

  /** `onUnload` hears of each order to unload, before it is carried out. */
  constructor(private readonly onUnload: (replica: ReplicaId, isForced: boolean) => void) {
    const server = { id: 's', grpc: 's:8001', http: null, labels: {} };
    this.feed = new FleetFeed(
      this.fleet,
      { changes: 1, routeServer: () => server },
      { term: 1, renewedAgo: () => 0 },
      this.own.table,
    );
    const tell = (...events: Event[]): void => void this.inbox.push(...events);
    const { fleet } = this;
    const { publisher } = this.own;
    this.subscriptions = new PeerSubscriptions({
      fleet,
      term: 1,
      publisher,
      tell,
      patience: PATIENCE,
      onGone: () => undefined,
    });
    const models = ['a', 'b', 'c'].map((id) => aModel(id));
    this.tell(
      ...models.map((model): Event => ({ kind: 'ModelDeclared', model })),
      { kind: 'ServerDeclared', server: aServer('s', [12]) },
      { kind: 'ContactChanged', server: SERVER, fact: 'connected' },
    );
    this.peers = ['p', 'q'].map((name) => new FollowingPeer(name, this));
  }

  tell(...events: Event[]): void {
    this.inbox.push(...events);
    this.turn();
  }

  pass(millis: Millis): void {
    const end = this.now + millis;
    while (this.now < end) {
      const due = [this.tickAt, this.fleet.wakeAt, ...this.peers.map(({ nextLetterAt }) => nextLetterAt)];
      this.now = Math.max(this.now, Math.min(end, ...due));
      if (this.now >= this.tickAt) {
        this.tickAt += SECOND;
        this.feed.tell([], this.now);
        this.own.tick(this.now);
        this.subscriptions.tick(this.now);
      }
      for (const peer of this.peers) peer.receive();
      this.turn();
    }
  }

  private turn(): void {
    do {
      const events = this.inbox;
      this.inbox = [];
      const forced = this.forcedBy(events);
      const actions = decide(this.fleet, events, this.now);
      this.feed.tell(this.fleet.rerouted, this.now);
      for (const action of actions) this.play(action, forced);
    } while (this.inbox.length > 0);
  }

  /** What is drained by force before these events, or by them: it may be unloaded in this turn. */
  private forcedBy(events: readonly Event[]): ReadonlySet<ReplicaId> {
    const before = [...this.fleet.replicas.values()].flatMap((one) =>
      one.phase === 'draining' && one.isForced ? [one.id] : [],
    );
    const now = events.flatMap((one) =>
      one.kind === 'UnloadOrdered' && one.force ? [replicaId(one.model, SERVER)] : [],
    );
    return new Set([...before, ...now]);
  }

  private play(action: Action, forced: ReadonlySet<ReplicaId>): void {
    if (action.kind === 'look') {
      const look = this.shelf.look(this.now, action.scope, action.probeMode);
      this.inbox.push({ kind: 'Looked', server: action.server, look });
    } else if (action.kind === 'load') {
      this.shelf.set(action.model, 'READY');
      const outcome = { kind: 'succeeded', versions: ['1'] } as const;
      this.inbox.push({ kind: 'LoadEnded', order: action.order, replica: action.replica, outcome });
    } else if (action.kind === 'unload') {
      this.onUnload(action.replica, forced.has(action.replica));
      this.shelf.set(action.model, 'UNAVAILABLE', 'unloaded');
      const outcome = { kind: 'succeeded', versions: [] } as const;
      this.inbox.push({ kind: 'UnloadEnded', order: action.order, replica: action.replica, outcome });
    }
  }
}
