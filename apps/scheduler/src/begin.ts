import type { Config } from '#config';
import type { Won } from '#engine';
import type { Composition } from './compose.js';
import { freezeEvent } from './fleet/freezes.js';
import { drainEvent, isDraining } from './fleet/core-server.js';
import { limitsEvent } from './layered-config.js';
import type { AmongPeers } from './watching/watching.js';
import { recalledOrders } from './models/model-orders.js';
import { declaration } from './models/model-writes.js';

/**
 * Tells the engine all that is declared and remembered. It shares one turn: nothing is decided on half of it. Rejects where
 * the store is damaged.
 */
export async function begin(
  config: Config,
  made: Composition,
  won: (Pick<Won, 'isCleanRelease'> & AmongPeers) | null,
): Promise<void> {
  const { audit, engine, registry, links, catalog, discovery, freeze, pressure, times, teller, watching } =
    made;
  await audit.head('admins');
  await audit.head('programs');
  await teller.begin(config.webhooks.endpoints);
  if (won !== null) await watching.begin(won);
  engine.tell(limitsEvent(config));
  if (won !== null) engine.tell({ kind: 'TermBegun', looks: won.isCleanRelease ? 1 : 2 });
  pressure.follow(engine);
  const servers = registry.all().filter(({ hasLeft }) => !hasLeft);
  for (const { config: server } of servers) links.declare(server);
  await engine.recall();
  discovery.begin();
  engine.tell(...catalog.declared().map((entry) => declaration(entry, times)));
  engine.tell(...servers.filter(isDraining).map((entry) => drainEvent(entry, times)));
  if (freeze.told) engine.tell(freezeEvent(freeze.told, times));
  engine.tell(...recalledOrders(made));
}
