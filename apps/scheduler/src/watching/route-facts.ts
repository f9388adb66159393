import type { RouteFacts } from '#telemetry';
import type { Running } from '../running.js';

/** Has the metrics tell of the table of this process, and of its watchers. */
export function followRoutes(running: Running): void {
  const { metrics, routes } = running.lasting;
  const { gateways, table } = routes;
  metrics.routes.follow(() => {
    const { rows, age } = table;
    return {
      rows: rows.size,
      age: table.isReceived ? age : null,
      gateways: gateways.size,
      peers: peersOf(running),
    };
  });
}

/** What a leader knows of its peers. */
function peersOf({ leading, following, lasting }: Running): RouteFacts['peers'] {
  const now = lasting.routes.now();
  const peers = (leading?.watching.desk.standings(now) ?? []).filter(({ isWatching }) => isWatching);
  const own = following?.configHash();
  return {
    watching: peers.length,
    lag: Math.max(0, ...peers.map(({ lag }) => lag)),
    differing: peers.filter(({ configHash }) => configHash !== own).length,
  };
}
