import { Module } from '@nestjs/common';
import { ResolveController } from './resolve.controller.js';
import { Resolver } from './resolver.js';
import { TableUpkeep } from '../cluster/replication/table-upkeep.js';
import { WatchRpc } from './watch.grpc.js';

/** For gateways. */
@Module({ controllers: [ResolveController], providers: [Resolver, TableUpkeep, WatchRpc] })
export class RoutingModule {}
