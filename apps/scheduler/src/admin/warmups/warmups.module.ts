import { Module } from '@nestjs/common';
import { WarmupMetrics } from './warmup-metrics.js';
import { WarmupsController } from './warmups.controller.js';
import { WarmupsRpc } from './warmups.grpc.js';

/** For operators of warm-ups. */
@Module({ controllers: [WarmupsController, WarmupsRpc], providers: [WarmupMetrics] })
export class WarmupsModule {}
