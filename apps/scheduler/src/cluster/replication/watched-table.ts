import { type Instant, type Millis, type ModelId, replicaId, type ServerId } from '#core';
import type { RouteMessage } from '#contracts';
import type { Clock, Route } from '#engine';
import { LatestVersion, RouteMessages } from './route-messages.js';
import { type GatewayName, GatewaySubscriptions } from './gateway-subscriptions.js';
import { RoutePublisher } from './route-publisher.js';
import type { ReportedUse, RouteVersion } from './route-event.js';
import { RouteTable } from './route-table.js';

/** A use counts as that long ago at most, whatever a gateway says: its age is told on, and has to be a number that the leader takes. */
const MAX_AGO: Millis = 3_600_000;

/** What it is made of. */
export interface WatchedTableParts {
  readonly clock: Pick<Clock, 'now'>;
  /** The staleness bound. */
  readonly bound: Millis;
}

/** The table of routes of this process, and all that watch it: gateways, and peers where this process leads. */
export class WatchedTable {
  readonly table: RouteTable;
  readonly publisher: RoutePublisher;
  readonly gateways: GatewaySubscriptions;
  /** Of all routes that callers are told, by whichever peer. */
  readonly latest = new LatestVersion();
  private readonly told: RouteMessages;
  private isShown: (model: ModelId, server: ServerId) => boolean = () => false;

  readonly now: () => Instant;
  /** The staleness bound. */
  readonly bound: Millis;

  constructor({ clock, bound }: WatchedTableParts) {
    this.now = () => clock.now();
    this.bound = bound;
    this.table = new RouteTable({
      now: () => clock.now(),
      bound,
      isShown: (model, server) => this.isShown(model, server),
    });
    this.publisher = new RoutePublisher(this.table);
    this.gateways = new GatewaySubscriptions(this.table, this.publisher);
    this.table.follow((rows, servers) => this.publisher.changed(rows, servers, clock.now()));
    this.told = new RouteMessages(this.table, this.latest);
  }

  /** Has routes that are out of date go by these looks. Before that there are none. */
  goBy(isShown: (model: ModelId, server: ServerId) => boolean): void {
    this.isShown = isShown;
  }

  message(route: Route): RouteMessage {
    return this.told.of(route);
  }

  /** What a gateway reports. Its uses come first: what it acknowledges says that it has told all. */
  takeReport(from: GatewayName, uses: readonly ReportedUse[], acknowledged: RouteVersion | null): void {
    const line = acknowledged && this.gateways.lineOf(from, acknowledged);
    this.noteUses(uses);
    line?.acknowledge(acknowledged!, this.now());
  }

  /**
   * What gateways used counts as used of this table, which is told to the core, or to the leader; not for longer than it can be so.
   */
  noteUses(uses: readonly ReportedUse[]): void {
    const { table } = this;
    const now = this.now();
    for (const { model, server, lastUsedMsAgo, inUseForMs, routes } of uses) {
      const id = replicaId(model, server);
      const until = Math.min(now + inUseForMs, table.gatewaysDoneBy(id));
      const at = now - Math.min(lastUsedMsAgo, MAX_AGO);
      if (until >= now) table.uses.note({ id, model, server }, at, until, routes);
    }
  }

  /** To be called once a second: each watcher is told a beat. */
  tick(now: Instant): void {
    this.gateways.tick(now);
    this.publisher.beat(now);
  }
}
