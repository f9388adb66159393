import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { FleetController } from './fleet/fleet.controller.js';
import { FleetRpc } from './fleet/fleet.grpc.js';
import { ServersController } from './fleet/servers.controller.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { StoreTries } from './health/store-tries.js';
import { ModelsController } from './models/models.controller.js';
import { ModelsRpc } from './models/models.grpc.js';
import { Periodic } from './periodic.js';
import { PlanningController } from './planning/planning.controller.js';
import { PlanningRpc } from './planning/planning.grpc.js';
import { PressureReadings } from './pressure/pressure-readings.js';

/** The one Nest module. Its providers are made by the composition root and handed in. */
@Module({})
export class SchedulerModule {
  static of(providers: Provider[]): DynamicModule {
    return {
      module: SchedulerModule,
      imports: [ScheduleModule.forRoot()],
      controllers: [
        ModelsController,
        ModelsRpc,
        ServersController,
        FleetController,
        FleetRpc,
        PlanningController,
        PlanningRpc,
        HealthController,
        MetricsController,
      ],
      providers: [...providers, Periodic, PressureReadings, StoreTries],
    };
  }
}
