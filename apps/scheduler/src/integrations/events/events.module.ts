import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';
import { TellingRpc } from './events.grpc.js';

/** For admins of the endpoints that are told events. */
@Module({ controllers: [EventsController, TellingRpc] })
export class EventsModule {}
