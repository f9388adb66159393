import type { ServerId } from '#core';
import type { ModelServer } from '#engine';
import { Connection } from '../connection.js';
import type { Process } from '../process.js';
import { Random } from '../random.js';
import { SimLink } from '../sim-link.js';
import { Wire } from '../wire.js';
import { NOBODY } from '../open-order.js';
import type { Scenery } from './scenery.js';

/** How a peer that does not lead reaches servers for its own looks. Connections end with `close`. */
export class StaleServers {
  private readonly connections = new Set<Connection>();

  constructor(
    private readonly scenery: Scenery,
    private readonly process: Process,
    private readonly stream: string,
  ) {}

  open(id: ServerId): ModelServer {
    const { agenda, plan, sites } = this.scenery;
    const site = sites.get(id)!;
    const random = new Random(plan.seed, `looks ${id} ${this.stream}`);
    const connection = new Connection(site, new Wire(site, agenda, random, { longest: 2 }, 0), this.process);
    this.connections.add(connection);
    return new SimLink(site, connection, NOBODY, () => undefined);
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}
