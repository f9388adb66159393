import { Module } from '@nestjs/common';
import { ResolveController } from './resolve.controller.js';
import { Resolver } from './resolver.js';

/** For gateways. */
@Module({ controllers: [ResolveController], providers: [Resolver] })
export class RoutingModule {}
