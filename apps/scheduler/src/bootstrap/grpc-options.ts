import type { ChannelOptions, Server } from '@grpc/grpc-js';
import type { GrpcOptions } from '@nestjs/microservices';
import { ReflectionService } from '@grpc/reflection';
import type { Connections } from '#config';
import { adminDefinition, BATCH_BYTES, publishedDefinition, routerService } from '#contracts';
import type { RpcErrors } from '../transport/errors/rpc-errors.js';
import type { GrpcHealth } from '../transport/health/grpc-health.js';
import type { Resolver } from '../routing/resolver.js';
import { routerHandlers } from '../routing/router.grpc.js';
import type { PickerRpc } from '../routing/picker/picker.grpc.js';
import type { WatchRpc } from '../routing/watch.grpc.js';
import type { ExternalScaler } from '../integrations/scaling/external-scaler.js';

/** What is served beside Admin on Nest's gRPC server, past Nest. */
export interface RawServices {
  readonly resolver: Resolver;
  readonly errors: RpcErrors;
  readonly health: GrpcHealth;
  readonly scaler: ExternalScaler;
  readonly watch: WatchRpc;
  readonly picker: PickerRpc;
  /** Is handed the server, so that it can be ended by force. */
  readonly onServer: (server: Server) => void;
}

/** How Nest serves gRPC. Nest knows Admin alone: it would serve every service of a package it loads itself. */
export function grpcOptions(
  connections: Connections,
  { resolver, errors, health, scaler, watch, picker, onServer }: RawServices,
): GrpcOptions['options'] {
  return {
    package: 'berth.v1',
    packageDefinition: adminDefinition(),
    gracefulShutdown: true,
    channelOptions: channelOptions(connections),
    onLoadPackageDefinition: (_, server: Server) => {
      onServer(server);
      server.addService(routerService(), {
        ...routerHandlers(resolver, errors),
        ...watch.handlers(),
      });
      health.serveOn(server);
      scaler.serveOn(server);
      picker.serveOn(server);
      new ReflectionService(publishedDefinition()).addToServer(server);
    },
  };
}

/** Milliseconds in which the other end of a connection has to answer a ping. */
const PING_ANSWERED_MS = 20_000;

/** A caller whose machine is gone says no goodbye: without pings its calls would stay open. */
const channelOptions = ({ grpcCalls, grpcIdleSeconds, grpcPingSeconds }: Connections): ChannelOptions => ({
  'grpc.enable_channelz': 0,
  // A batch may be as long; how long the others may be is seen when they are decoded.
  'grpc.max_receive_message_length': BATCH_BYTES,
  'grpc.max_concurrent_streams': grpcCalls,
  'grpc.max_connection_idle_ms': grpcIdleSeconds * 1_000,
  'grpc.keepalive_time_ms': grpcPingSeconds * 1_000,
  'grpc.keepalive_timeout_ms': PING_ANSWERED_MS,
});
