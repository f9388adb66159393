import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';

/** The leases that an earlier life gave. What was looked at before has its leases from the routes that this life gave. */
export function rememberLeases(fleet: Fleet, { server: id, leases }: EventOf<'LeasesRemembered'>): void {
  const server = fleet.servers.get(id);
  if (server?.lookedAt === null) server.promised = new Map(leases.map(({ model, until }) => [model, until]));
}

/** After a look: what serves has its lease by now, and what is gone has none; what is on its way in may be what was leased. */
export function keepPromised(fleet: Fleet, server: Server): void {
  if (server.promised.size === 0) return;
  const isComing = (model: ModelId): boolean =>
    fleet.replicas.get(replicaId(model, server.spec.id))?.phase === 'unknown';
  server.promised = new Map([...server.promised].filter(([model]) => isComing(model)));
}
