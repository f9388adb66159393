import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';

/** Takes up leases that an earlier process of Berth gave, unless the server was looked at already. */
export function rememberLeases(fleet: Fleet, { server: id, leases }: EventOf<'LeasesRemembered'>): void {
  const server = fleet.servers.get(id);
  if (server?.lookedAt === null) server.promised = new Map(leases.map(({ model, until }) => [model, until]));
}

/** After a look only copies on their way in may still take up a lease: those that serve have done so, others are gone. */
export function keepPromised(fleet: Fleet, server: Server): void {
  if (server.promised.size === 0) return;
  const isComing = (model: ModelId): boolean =>
    fleet.replicas.get(replicaId(model, server.spec.id))?.phase === 'unknown';
  server.promised = new Map([...server.promised].filter(([model]) => isComing(model)));
}
