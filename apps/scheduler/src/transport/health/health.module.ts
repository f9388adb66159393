import { Module } from '@nestjs/common';
import { PressureReadings } from '../limits/pressure-readings.js';
import { GrpcHealth } from './grpc-health.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

/** For probes and scrapers. */
@Module({
  controllers: [HealthController, MetricsController],
  providers: [GrpcHealth, PressureReadings],
  exports: [GrpcHealth],
})
export class HealthModule {}
