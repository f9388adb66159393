import { Module } from '@nestjs/common';
import { WarmupCalls } from './warmup-calls.js';
import { WarmupsController } from './warmups.controller.js';
import { WarmupsRpc } from './warmups.grpc.js';

/** For operators of warm-ups. */
@Module({ controllers: [WarmupsController, WarmupsRpc], providers: [WarmupCalls] })
export class WarmupsModule {}
