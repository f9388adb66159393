import { type Instant, replicaId } from '#core';
import type { WatchedTable } from '../../../../apps/scheduler/src/following/watched-table.js';
import type { GatewayStream } from '../../../../apps/scheduler/src/watching/gateway-desk.js';
import type { ReportedUse, RouteVersion } from '../../../../apps/scheduler/src/watching/route-event.js';
import type { Peer } from '../peer.js';

/** What watch.grpc.ts does where a gateway wants the routes. Returns what is to be called when it has gone. */
export function watchAsGateway(peer: Peer, stream: GatewayStream, have: RouteVersion | null): () => void {
  const { lead, own, process } = peer;
  if (!peer.isAlive) return () => undefined;
  lead?.watching.expectGateway();
  if (own.table.isReady) return own.gateways.open(stream, have, process.now());
  stream.end();
  return () => undefined;
}

/** What watch.grpc.ts does with the uses that a gateway reports. */
export function noteUses({ table }: WatchedTable, uses: readonly ReportedUse[], now: Instant): void {
  for (const { model, server, lastUsedMsAgo, inUseForMs, routes } of uses) {
    const id = replicaId(model, server);
    const until = Math.min(now + inUseForMs, table.gatewaysDoneBy(id));
    if (until >= now) table.uses.note({ id, model, server }, now - lastUsedMsAgo, until, routes);
  }
}
