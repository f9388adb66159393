import { Module } from '@nestjs/common';
import { TableUpkeep } from '../cluster/replication/table-upkeep.js';
import { GatewayRoutes } from './gateway-routes.js';
import { ResolveController } from './resolve.controller.js';
import { Resolver } from './resolver.js';
import { RouteList } from './route-list.js';
import { RoutesController } from './routes.controller.js';
import { WatchRpc } from './watch.grpc.js';

/** For gateways. */
@Module({
  controllers: [ResolveController, RoutesController],
  providers: [...[Resolver, TableUpkeep, WatchRpc, GatewayRoutes, RouteList]],
})
export class RoutingModule {}
