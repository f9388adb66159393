import { Module } from '@nestjs/common';
import { ExternalScaler } from './external-scaler.js';
import { ScalingController } from './scaling.controller.js';
import { ScalingRpc } from './scaling.grpc.js';

/** Tells autoscalers how many servers are wanted. */
@Module({
  controllers: [ScalingController, ScalingRpc],
  providers: [ExternalScaler],
  exports: [ExternalScaler],
})
export class ScalingModule {}
