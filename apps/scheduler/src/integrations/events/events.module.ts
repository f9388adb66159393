import { Module } from '@nestjs/common';
import { TellingController } from './events.controller.js';
import { TellingRpc } from './events.grpc.js';

/** For admins of the endpoints that are told events. */
@Module({ controllers: [TellingController, TellingRpc] })
export class TellingModule {}
