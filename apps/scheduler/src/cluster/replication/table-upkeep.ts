import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Metrics, type RouteFacts } from '#telemetry';
import { WatchedTable } from './watched-table.js';
import { Terms } from '../leadership/per-term.js';
import { RouteFeed } from './route-feed.js';

/** Has the watchers of the table of this process hear a beat. The metrics tell of the table and of its watchers. */
@Injectable()
export class TableUpkeep {
  constructor(
    @Inject(Metrics) metrics: Metrics,
    @Inject(Terms) private readonly terms: Terms,
    @Inject(WatchedTable) private readonly routes: WatchedTable,
  ) {
    const { gateways, table } = routes;
    metrics.routes.follow(() => {
      const { rows, age } = table;
      return {
        rows: rows.size,
        age: table.isReceived ? age : null,
        gateways: gateways.size,
        peers: this.peers(),
      };
    });
  }

  @Interval(1_000)
  tick(): void {
    const now = this.routes.now();
    this.terms.leading?.get(RouteFeed).tick(now);
    this.routes.tick(now);
  }

  /** What a leader knows of its peers. */
  private peers(): RouteFacts['peers'] {
    const { following, leading } = this.terms;
    const standings = leading?.get(RouteFeed).subscriptions.standings(this.routes.now()) ?? [];
    const peers = standings.filter(({ isWatching }) => isWatching);
    const own = following?.configHash();
    return {
      watching: peers.length,
      lag: Math.max(0, ...peers.map(({ lag }) => lag)),
      differing: peers.filter(({ configHash }) => configHash !== own).length,
    };
  }
}
