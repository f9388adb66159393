import { Module } from '@nestjs/common';
import { TableUpkeep } from '../cluster/replication/table-upkeep.js';
import { GatewayRoutes } from './gateway-routes.js';
import { ResolveController } from './resolve.controller.js';
import { ColdPicks } from './picker/cold-picks.js';
import { PickerRpc } from './picker/picker.grpc.js';
import { Destinations } from './picker/destinations.js';
import { PickRefusals } from './picker/pick-refusals.js';
import { Picker } from './picker/picker.js';
import { PresentCopies } from './picker/present-copies.js';
import { Upstreams } from './picker/upstreams.js';
import { Resolver } from './resolver.js';
import { RouteList } from './route-list.js';
import { RoutesController } from './routes.controller.js';
import { WatchRpc } from './watch.grpc.js';

/** For gateways. */
@Module({
  controllers: [ResolveController, RoutesController],
  providers: [
    ...[Resolver, TableUpkeep, WatchRpc, GatewayRoutes, RouteList],
    ...[ColdPicks, Destinations, Picker, PickerRpc, PickRefusals, PresentCopies, Upstreams],
  ],
})
export class RoutingModule {}
