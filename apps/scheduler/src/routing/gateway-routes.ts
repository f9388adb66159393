import { Inject, Injectable } from '@nestjs/common';
import { Terms } from '../cluster/leadership/per-term.js';
import {
  type GatewayName,
  type GatewayStream,
  MAX_GATEWAYS,
  RETRY_AFTER_MS,
} from '../cluster/replication/gateway-subscriptions.js';
import type { PeerReport, RouteVersion } from '../cluster/replication/route-event.js';
import { RouteFeed } from '../cluster/replication/route-feed.js';
import type { RouteTable } from '../cluster/replication/route-table.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { Refused } from '../transport/errors/refused.js';
import { Lifecycle, NO_LEADER } from '../transport/lifecycle.js';

/** What a gateway reports. */
interface GatewayReport extends Pick<PeerReport, 'uses' | 'doubted'> {
  /** Null: it acknowledges nothing. */
  readonly acknowledged: RouteVersion | null;
}

/** What gateways that keep routes themselves ask of this process, over gRPC and HTTP alike: it goes by its own table. */
@Injectable()
export class GatewayRoutes {
  constructor(
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(Terms) private readonly terms: Terms,
    @Inject(WatchedTable) private readonly routes: WatchedTable,
  ) {}

  /** Tells a gateway of the table from now on, or refuses. Returns what is to be called when its stream has ended. */
  watch(to: GatewayStream, have: RouteVersion | null): () => void {
    this.lifecycle.admit();
    const { gateways, now } = this.routes;
    if (!gateways.makeRoom(to.credential)) throw busy(`at most ${MAX_GATEWAYS} gateways may watch one Berth`);
    this.expectGateway();
    return gateways.open(to, have, now());
  }

  /** To be called when a gateway reads again. */
  flush(): void {
    this.routes.publisher.flushAll(this.routes.now());
  }

  /** The table, for a gateway that is told all of it at once: from now on unloads wait for that one, too. */
  polled(): Pick<RouteTable, 'version' | 'rows' | 'servers'> {
    this.lifecycle.admit();
    this.expectGateway();
    const { gateways, now, table } = this.routes;
    gateways.polled(now());
    return table;
  }

  /** What a gateway has routed counts as used, and the servers on which callers have just failed are looked at. */
  report(from: GatewayName, { uses, doubted, acknowledged }: GatewayReport): void {
    this.lifecycle.admit();
    this.routes.takeReport(from, uses, acknowledged);
    if (doubted.length > 0) this.terms.doubt(doubted);
    if (acknowledged) this.terms.gatewayAcknowledged();
  }

  /** As the clock of the table. */
  now(): number {
    return this.routes.now();
  }

  private expectGateway(): void {
    this.terms.leading?.get(RouteFeed).expectGateway();
    if (!this.routes.table.isReady) throw new Refused(NO_LEADER);
  }
}

/** The refusal of a watcher beyond a bound. */
export const busy = (detail: string): Refused =>
  new Refused({ reason: 'busy', detail, retryAfter: RETRY_AFTER_MS });
