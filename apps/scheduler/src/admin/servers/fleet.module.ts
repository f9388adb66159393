import { Module } from '@nestjs/common';
import { FleetController } from './fleet.controller.js';
import { FleetRpc } from './fleet.grpc.js';
import { ServersController } from './servers.controller.js';

/** For admins of servers and of the fleet as a whole. */
@Module({ controllers: [ServersController, FleetController, FleetRpc] })
export class FleetModule {}
