import type { ServerId } from '#core';
import {
  Engine,
  type Leadership,
  type Observer,
  type AcquiredTerm,
  type ResolveQuery,
  type Route,
} from '#engine';
import { openStore, type Rows } from '#store';
import type { WatchedTable } from '../../../apps/scheduler/src/cluster/replication/watched-table.js';
import { RouteFeed } from '../../../apps/scheduler/src/cluster/replication/route-feed.js';
import { clockOn } from '../berth.js';
import { Connection } from '../connection.js';
import type { Process } from '../process.js';
import { Random } from '../random.js';
import { SimLink } from '../sim-link.js';
import type { Site } from '../site.js';
import { Wire } from '../wire.js';
import type { Scenery } from './scenery.js';
import { WatchedLink } from './watched-link.js';
import { WriteDesk } from './write-desk.js';

/** What one term is made of. */
export interface LeadParts {
  readonly name: string;
  readonly process: Process;
  readonly won: AcquiredTerm;
  readonly rows: Rows;
  readonly own: WatchedTable;
  readonly scenery: Scenery;
  readonly observers: readonly Observer[];
}

/** One term of a peer: the product's engine, store and word on routes. */
export class Lead {
  private readonly connections: Connection[] = [];
  private isOver = false;

  private constructor(
    readonly engine: Engine,
    readonly routeFeed: RouteFeed,
    readonly desk: WriteDesk,
    private readonly parts: LeadParts,
  ) {}

  /** Rejects where the store does not answer, or belongs to a later term. */
  static async begin(parts: LeadParts): Promise<Lead> {
    const { process, won, scenery, own, name } = parts;
    const { leadership } = won;
    const wallNow = (): number => process.now();
    const store = await openStore(parts.rows, { fleet: 'berth', leadership });
    const facts = await store.learned.read();
    const observers: Observer[] = [...parts.observers];
    const engine = new Engine({
      clock: clockOn(process),
      wallNow,
      learned: { read: async () => facts, write: (changes) => store.learned.write(changes) },
      store: store.health,
      leadership,
      observers,
    });
    const routeFeed = new RouteFeed({
      ...{ engine, leadership, own },
      addresses: { changes: 1, routeServer: (id) => scenery.addressOf(id as ServerId) },
      log: { warn: () => undefined },
    });
    observers.push(routeFeed);
    leadership.tend(() => {
      if (store.health.failure !== null) void store.health.tryAgain().catch(() => undefined);
      return engine.takeKeptBack() && routeFeed.isWatched;
    });
    const models = scenery.plan.models.map(({ model }) => model);
    const desk = await WriteDesk.open({ store, engine, models, wallNow });
    const lead = new Lead(engine, routeFeed, desk, parts);
    const { lastRenewalSeenAt } = won;
    await routeFeed.begin({ name, known: store.peers, lastRenewalSeenAt });
    await lead.tell(won.isCleanRelease ? 1 : 2);
    return lead;
  }

  private async tell(looks: 1 | 2): Promise<void> {
    const { engine, parts } = this;
    const { plan, sites } = parts.scenery;
    engine.tell({ kind: 'TermBegun', looks });
    engine.tell({ kind: 'LimitsSet', limits: plan.limits, defaults: plan.defaults });
    for (const site of sites.values()) engine.addServer(site.planned.spec, () => this.link(site));
    await engine.recall();
    engine.tell(...this.desk.events());
    this.beat();
  }

  get leadership(): Leadership {
    return this.parts.won.leadership;
  }

  /** A warm route of the leader's own, where its lease is young enough. */
  routeHere(query: ResolveQuery): Route | undefined {
    const route = this.engine.route(query);
    return route && this.routeFeed.withValidLease(route);
  }

  /** The term is over: another process leads. */
  end(): void {
    this.isOver = true;
    this.desk.end();
    void this.routeFeed.end(false);
    this.engine.stop('no_leader');
    this.routeFeed.handOver();
    this.disconnect();
  }

  /** The process is killed, or has let go. */
  disconnect(): void {
    this.isOver = true;
    for (const connection of this.connections) connection.close();
  }

  private beat(): void {
    this.parts.process.after(1_000, () => {
      if (this.isOver) return;
      this.routeFeed.tick(this.engine.now());
      this.beat();
    });
  }

  private link(site: Site): WatchedLink {
    const { name, process, won, scenery } = this.parts;
    const { term } = won.leadership;
    const random = new Random(scenery.plan.seed, `wire ${site.id} ${name} ${term}`);
    const wire = new Wire(site, scenery.agenda, random, { longest: 2 }, 0);
    const connection = new Connection(site, wire, process);
    this.connections.push(connection);
    const link = new SimLink(site, connection, scenery.lifeOf(term), () => undefined);
    return new WatchedLink(link, (kind, model) =>
      scenery.referee.sends({ kind, term, site, model, mayAct: won.leadership.mayAct() }),
    );
  }
}
