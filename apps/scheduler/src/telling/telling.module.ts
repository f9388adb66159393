import { Module } from '@nestjs/common';
import { DeadLetterCalls } from './dead-letter-calls.js';
import { EndpointCalls } from './endpoint-calls.js';
import { TellingController } from './telling.controller.js';
import { TellingRpc } from './telling.grpc.js';

/** For admins of the endpoints that are told events. */
@Module({ controllers: [TellingController, TellingRpc], providers: [EndpointCalls, DeadLetterCalls] })
export class TellingModule {}
