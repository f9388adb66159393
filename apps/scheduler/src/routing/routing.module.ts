import { Module } from '@nestjs/common';
import { Resolver } from './resolver.js';

/** For gateways. They are served past Nest. */
@Module({ providers: [Resolver] })
export class RoutingModule {}
