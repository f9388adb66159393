import type { Server } from '@grpc/grpc-js';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import { ReflectionService } from '@grpc/reflection';
import { adminDefinition, BATCH_BYTES, publishedDefinition, routerService } from '#contracts';
import type { RpcErrors } from '../errors/rpc-errors.js';
import type { GrpcHealth } from '../health/grpc-health.js';
import type { Resolver } from '../routing/resolver.js';
import { routerHandlers } from '../routing/router.grpc.js';

/** What is served beside Admin on Nest's gRPC server, past Nest. */
export interface RawServices {
  readonly resolver: Resolver;
  readonly errors: RpcErrors;
  readonly health: GrpcHealth;
  /** Is handed the server, so that it can be ended by force. */
  readonly onServer: (server: Server) => void;
}

/** How Nest serves gRPC. Nest knows Admin alone: it would serve every service of a package it loads itself. */
export function grpcOptions(url: string, { resolver, errors, health, onServer }: RawServices): GrpcOptions {
  return {
    transport: Transport.GRPC,
    options: {
      url,
      package: 'berth.v1',
      packageDefinition: adminDefinition(),
      gracefulShutdown: true,
      // A batch may be as long; how long the others may be is seen when they are decoded.
      maxReceiveMessageLength: BATCH_BYTES,
      channelOptions: { 'grpc.enable_channelz': 0 },
      onLoadPackageDefinition: (_, server: Server) => {
        onServer(server);
        server.addService(routerService(), routerHandlers(resolver, errors));
        health.serveOn(server);
        new ReflectionService(publishedDefinition()).addToServer(server);
      },
    },
  };
}
