import type { Instant, Millis, ServerId } from '#core';
import {
  type Answer,
  Election,
  ELECTION_PROFILES,
  type Observer,
  type ResolveQuery,
  type Route,
  type AcquiredTerm,
} from '#engine';
import { Refused } from '../../../apps/scheduler/src/transport/errors/refused.js';
import { StaleLooks } from '../../../apps/scheduler/src/cluster/replication/stale-looks.js';
import { WatchedTable } from '../../../apps/scheduler/src/cluster/replication/watched-table.js';
import { clockOn } from '../berth.js';
import { Process } from '../process.js';
import type { WriteAnswer } from './outside/admins.js';
import { Follow } from './follow.js';
import { HandingOn } from './handing-on.js';
import { Lead } from './lead.js';
import { PeersRedis } from './redis/store-of.js';
import type { Scenery } from './scenery.js';
import { StaleServers } from './stale-servers.js';
import type { AdminWrite } from './write-desk.js';

/** Twice the lease. */
const BOUND: Millis = 2 * ELECTION_PROFILES.default.lease;
const NO_LEADER: Answer = { kind: 'refusal', refusal: { reason: 'no_leader', retryAfter: 1_000 } };

/** What a peer has of the world. */
export interface PeerParts {
  readonly name: string;
  readonly life: number;
  readonly scenery: Scenery;
  readonly others: () => Iterable<Peer>;
  readonly observe: () => readonly Observer[];
  /** Hears of each term that has begun. */
  readonly onReign: (lead: Lead, peer: Peer) => void;
}

/** One life of a process among several, from its start to its end. */
export class Peer {
  readonly process: Process;
  readonly election: Election;
  readonly own: WatchedTable;
  lead: Lead | null = null;
  /** How many writes of admins it is about. */
  writing = 0;
  private readonly handing: HandingOn;
  private readonly redis: PeersRedis;
  private readonly follow: Follow;
  private readonly servers: StaleServers;
  /** Null: routes that are out of date are not given. */
  readonly looks: StaleLooks | null;
  private isOver = false;

  constructor(private readonly parts: PeerParts) {
    const { name, life, scenery } = parts;
    this.process = new Process(scenery.agenda);
    const clock = clockOn(this.process);
    this.redis = new PeersRedis(scenery, this.process, name, life);
    this.election = new Election(clock, this.redis.leaseKeeper, {
      self: { peer: name, grpc: name, http: name },
    });
    this.own = new WatchedTable({ clock: this.process, bound: BOUND });
    this.servers = new StaleServers(scenery, this.process, `${name} ${life}`);
    this.looks = scenery.plan.servesStale ? this.openLooks() : null;
    this.handing = new HandingOn(this, scenery.network);
    this.election.follow(() => this.handing.leaderChanged());
    this.campaign();
    this.follow = new Follow(this, scenery);
    this.follow.tick();
  }

  get name(): string {
    return this.parts.name;
  }

  get isAlive(): boolean {
    return !this.isOver;
  }

  /** The term in which it may act at this moment; undefined where it may not. */
  get actsIn(): number | undefined {
    const leadership = this.lead?.leadership;
    return !this.isOver && !this.process.isPaused && leadership?.mayAct() ? leadership.term : undefined;
  }

  crash(): void {
    this.hangUp();
    this.process.die();
    this.lead?.disconnect();
  }

  /** Lets go: the last word to the peers, every answer, and the release. */
  stop(): void {
    const { lead } = this;
    this.follow.end();
    this.hangUp();
    void lead?.routeFeed.end(true);
    lead?.engine.stop();
    lead?.disconnect();
    void this.election.close().then(() => this.process.die());
  }

  /** Answers a call once, by its deadline: itself where it can, else by the leader. */
  resolve(query: ResolveQuery, deadline: Instant, answer: (answer: Answer) => void): void {
    const route = this.routeHere(query, !this.lead && this.election.present === null);
    if (route) return answer(route);
    this.handing.send<Answer>(
      deadline,
      (leader, done) => leader.admit(query, deadline, done),
      (found) => answer(found ?? this.routeHere(query, true) ?? NO_LEADER),
    );
  }

  /** Answers a write once, by its deadline, unless this process dies. */
  write(write: AdminWrite, until: Instant, answer: (answer: WriteAnswer) => void): void {
    this.handing.send<WriteAnswer>(
      until,
      (leader, done) => leader.takeWrite(write, done),
      (found) => answer(found ?? 'no_leader'),
    );
  }

  /** Unloads may wait for a gateway of this peer no more. */
  gatewayAcknowledged(): void {
    if (this.lead) this.lead.routeFeed.gatewayAcknowledged();
    else this.follow.pump();
  }

  /** The peer that leads, as far as this one has heard. */
  leader(): Peer | undefined {
    const { present } = this.election;
    return present
      ? [...this.parts.others()].find((one) => one.name === present.peer && one.isAlive)
      : undefined;
  }

  private routeHere(query: ResolveQuery, isCut = false): Route | undefined {
    const route = this.lead?.routeHere(query) ?? this.own.table.route(query, isCut);
    if (route) this.given(route);
    return route;
  }

  private given(route: Route): void {
    const { referee, sites } = this.parts.scenery;
    referee.gives(this.name, route, sites.get(route.server)!);
  }

  /** One hop: a process that does not lead says so, with null. */
  private admit(query: ResolveQuery, deadline: Instant, done: (answer: Answer | null) => void): void {
    const { lead } = this;
    if (this.isOver || !lead) return done(null);
    const warm = this.routeHere(query);
    if (warm) return done(warm);
    const wait = Math.max(0, deadline - this.process.now());
    const pending = lead.engine.admit({ ...query, wait }, 60_000);
    void pending.answer.then((found) => {
      const answer = found.kind === 'route' ? (lead.routeFeed.withValidLease(found) ?? NO_LEADER) : found;
      if (answer.kind === 'route') this.given(answer);
      done(answer.kind === 'refusal' && answer.refusal.reason === 'no_leader' ? null : answer);
    });
  }

  private takeWrite(write: AdminWrite, done: (answer: WriteAnswer | null) => void): void {
    const { lead } = this;
    if (this.isOver || !lead) return done(null);
    this.writing += 1;
    const end = (answer: WriteAnswer | null): void => {
      this.writing -= 1;
      done(answer);
    };
    void lead.desk.perform(write).then(
      ({ isDurable }) => end(isDurable ? 'durable' : 'not durable'),
      (error: unknown) => end(error instanceof Refused ? null : 'store_unavailable'),
    );
  }

  private openLooks(): StaleLooks {
    const looks = new StaleLooks({
      ...{ clock: this.process, table: this.own.table, bound: BOUND },
      open: ({ id }) => this.servers.open(id as ServerId),
    });
    this.own.goBy((model, server) => looks.isShown(model, server));
    return looks;
  }

  private campaign(): void {
    void this.election.lead().then((won) => {
      const { leadership } = won;
      this.parts.scenery.succession.begins(leadership.term, this);
      void leadership.ended.then(() => {
        this.depose();
        if (!this.isOver) this.campaign();
      });
      void this.begin(won);
    });
  }

  /** Where the store does not answer it is asked again, as long as the term lasts. */
  private async begin(won: AcquiredTerm): Promise<void> {
    const { name, process, own } = this;
    const { scenery } = this.parts;
    let isEnded = false;
    void won.leadership.ended.then(() => (isEnded = true));
    while (!isEnded && !this.isOver) {
      try {
        const rows = await this.redis.rowsOf(won.leadership.term, this.election);
        const observers = this.parts.observe();
        const lead = await Lead.begin({ name, process, own, scenery, won, rows, observers });
        if (isEnded || this.isOver) return lead.end();
        this.lead = lead;
        return this.parts.onReign(lead, this);
      } catch (error) {
        scenery.trail.note(`${name} cannot begin: ${String(error)}`);
        await new Promise<void>((resolve) => void process.after(500, resolve));
      }
    }
  }

  private depose(): void {
    const { lead } = this;
    this.lead = null;
    if (!lead || this.isOver) return;
    this.parts.scenery.trail.note(`${this.name} leads no more`);
    lead.end();
  }

  /** Every connection of this process ends. */
  private hangUp(): void {
    this.isOver = true;
    this.own.gateways.endAll();
    this.looks?.close();
    this.servers.close();
    for (const other of this.parts.others()) other.process.receive(() => other.handing.lost(this.name));
  }
}
