import { Module } from '@nestjs/common';
import { TellingController } from './telling.controller.js';
import { TellingRpc } from './telling.grpc.js';

/** For admins of the endpoints that are told events. */
@Module({ controllers: [TellingController, TellingRpc] })
export class TellingModule {}
