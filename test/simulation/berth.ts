import { DEFAULT_LEASE, type Fleet, type Instant, type Millis, type ReplicaId, type ServerId } from '#core';
import {
  type Clock,
  Engine,
  type Learned,
  type Observer,
  OrderBook,
  type Route,
  soleLeadership,
} from '#engine';
import type { Timers } from '#triton-simulator';
import { SameServers } from './checkers/same-servers.js';
import { Connection } from './connection.js';
import type { Plan } from './plan.js';
import { DiskHealth } from './disk-health.js';
import { Process } from './process.js';
import { Random } from './random.js';
import type { RouteRecord } from './route-record.js';
import { SimLink } from './sim-link.js';
import type { Site } from './site.js';
import type { Store } from './store.js';
import type { Told } from './told.js';
import type { Trail } from './trail.js';
import { type Delays, Wire } from './wire.js';

/** How long an ordered load stays wanted. */
export const WISH: Millis = 60_000;
/** So long after it was given a long lease is on the disk. */
const WRITTEN_WITHIN: Millis = 1_000;
/** And so long after the disk began to take writes again, or the process to run: it is tried again in a turn, once a look comes. */
const RETRIED_WITHIN: Millis = 10_000;

/** What a life of Berth finds in the world. */
export interface Surroundings {
  readonly plan: Plan;
  readonly agenda: Timers;
  readonly trail: Trail;
  readonly sites: ReadonlyMap<string, Site>;
  readonly store: Store;
  readonly told: Told;
  readonly delays: Delays;
}

/** One life of Berth's process: the product's own engine and core, on virtual time. */
export class Berth {
  readonly engine: Engine;
  readonly bornAt: number;
  readonly process: Process;
  /** What is still to be done of admins' orders, as the store has it. */
  readonly book: OrderBook;
  private readonly same: SameServers;
  /** The latest one to each server. */
  private readonly connections = new Map<ServerId, Connection>();

  constructor(
    readonly life: number,
    private readonly around: Surroundings,
    readonly routes: RouteRecord,
    observe: (berth: Berth) => readonly Observer[],
  ) {
    this.bornAt = around.agenda.now();
    this.process = new Process(around.agenda);
    this.book = new OrderBook(around.told.orders);
    const health = new DiskHealth(this.process, around.store);
    const learned: Learned = around.store.openedBy(this.process, health);
    this.same = new SameServers(around.trail);
    const observers = [...observe(this), this.orderKeeping, this.same];
    this.engine = new Engine({
      clock: clockOn(this.process),
      wallNow: () => this.process.now(),
      learned,
      store: health,
      leadership: soleLeadership(life),
      observers,
    });
  }

  /** As the process begins: all that is declared and remembered shares one turn. */
  async begin(): Promise<void> {
    const { told, sites } = this.around;
    this.engine.tell({ kind: 'LimitsSet', limits: told.limits, defaults: told.defaults });
    for (const id of told.servers) this.add(sites.get(id)!);
    await this.engine.recall();
    const until = this.process.now() + WISH;
    this.engine.tell(...told.events(), ...this.book.recall(() => until));
  }

  /** Takes up a server. */
  add(site: Site): void {
    this.engine.addServer(site.planned.spec, () => this.link(site));
  }

  /** A server is reached otherwise from now on. */
  reach(site: Site, moved: boolean): void {
    const { id, planned } = site;
    const before = this.connections.get(id);
    this.same.expect(id, this.engine.fleet);
    this.engine.addServer(planned.spec, () => this.link(site), moved ? 'moved' : 'closed');
    before?.isReplacedBy(this.connections.get(id)!);
  }

  /** Forgets a server. */
  remove(id: ServerId): void {
    this.same.dismiss(id);
    this.engine.removeServer(id);
  }

  /**
   * A route was given. A lease binds Berth to the copy it was given on. Where that copy's process has died unheard, in
   * a pause or behind a partition, it binds to nothing. What is loaded under its name in the next process does not
   * matter.
   */
  noteRoute(route: Route): void {
    const connection = this.connections.get(route.server);
    if (!connection?.isToTheLiving) return;
    const now = this.around.agenda.now();
    this.routes.note(route, now);
    if (route.lease > DEFAULT_LEASE) this.expectWritten(route.replica, now + route.lease, WRITTEN_WITHIN);
  }

  /**
   * It outlives this life once Berth had the time to write it down: that long, in which the process ran and the disk took
   * what it was given. Where one of them did not, Berth tries again, and has more time for that.
   */
  private expectWritten(replica: ReplicaId, until: Instant, within: Millis): void {
    const since = this.process.now();
    this.process.after(within, () => {
      const isUndisturbed = Math.max(this.process.resumedAt, this.around.store.wellSince) <= since;
      if (isUndisturbed) this.routes.keep(replica, until);
      else this.expectWritten(replica, until, RETRIED_WITHIN);
    });
  }

  /** Every waiting request is answered, all is written down, and the process ends. */
  stop(): void {
    const isWell = this.around.store.wellSince + RETRIED_WITHIN <= this.process.now();
    this.engine.stop();
    if (isWell) this.routes.keepAll();
    this.crash();
  }

  /** The process is killed: nothing of it goes on but what it has sent. */
  crash(): void {
    this.process.die();
    for (const connection of this.connections.values()) connection.close();
  }

  /** Has the store follow what becomes of orders; after a later turn where the disk is full. */
  private get orderKeeping(): Observer {
    return { turnTaken: (_, fleet) => this.keepOrders(fleet) };
  }

  private keepOrders(fleet: Fleet): void {
    const { store, told } = this.around;
    const changes = store.isIdleFor(this.process) ? this.book.changes(fleet) : [];
    if (changes.length === 0) return;
    void store
      .tell(() => told.follow(changes), this.process)
      .then(
        () => {
          this.book.follow(changes);
          this.keepOrders(fleet);
        },
        () => undefined,
      );
  }

  private link(site: Site): SimLink {
    const { plan, agenda, delays, store, trail } = this.around;
    const random = new Random(plan.seed, `wire ${site.id} ${this.life}`);
    const wire = new Wire(site, agenda, random, delays, plan.grain);
    const connection = new Connection(site, wire, this.process);
    this.connections.set(site.id, connection);
    site.watch((news) => news === 'down' && this.routes.forget(site.id));
    return new SimLink(site, connection, this.life, (model) => {
      const isWritten = store.hasOrdered(site.id, model);
      trail.expect(isWritten, () => `load ${model}@${site.id} was sent before it was written down`);
    });
  }
}

/** The clock of a process. */
export function clockOn(timers: Timers): Clock {
  let cancel: () => void = () => {};
  const setAlarm = (at: number, ring: () => void): void => {
    cancel();
    if (at === Infinity) return;
    const wait = at - timers.now();
    cancel = timers.after(wait, () => (timers.now() >= at ? ring() : setAlarm(at, ring)));
  };
  return { now: () => timers.now(), setAlarm, soon: (task) => void timers.after(0, task) };
}
