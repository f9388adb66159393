import type {
  GatewayName,
  GatewayStream,
} from '../../../../apps/scheduler/src/cluster/replication/gateway-subscriptions.js';
import type {
  ReportedUse,
  RouteVersion,
} from '../../../../apps/scheduler/src/cluster/replication/route-event.js';
import type { Peer } from '../peer.js';

/** What watch.grpc.ts does where a gateway wants the routes. Returns what is to be called when it has gone. */
export function watchAsGateway(peer: Peer, stream: GatewayStream, have: RouteVersion | null): () => void {
  const { lead, own, process } = peer;
  if (!peer.isAlive) return () => undefined;
  lead?.routeFeed.expectGateway();
  if (own.table.isReady) return own.gateways.open(stream, have, process.now());
  stream.end();
  return () => undefined;
}

/** What watch.grpc.ts does where a gateway reports. */
export function reportAsGateway(
  peer: Peer,
  from: GatewayName,
  uses: readonly ReportedUse[],
  acknowledged: RouteVersion | null,
): void {
  peer.own.takeReport(from, uses, acknowledged);
  if (acknowledged) peer.gatewayAcknowledged();
}
