import { Module } from '@nestjs/common';
import { FleetController } from './fleet.controller.js';
import { FleetRpc } from './fleet.grpc.js';
import { Freezes } from './freezes.js';
import { Overview } from './overview.js';
import { ServerWrites } from './server-writes.js';
import { ServersController } from './servers.controller.js';

/** For admins of servers and of the fleet as a whole. */
@Module({
  controllers: [ServersController, FleetController, FleetRpc],
  providers: [Freezes, Overview, ServerWrites],
})
export class FleetModule {}
