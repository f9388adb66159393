import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AlertsModule } from './alerts/alerts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { FleetModule } from './fleet/fleet.module.js';
import { HealthModule } from './health/health.module.js';
import { ModelsModule } from './models/models.module.js';
import { OpenPorts } from './open-ports.js';
import { PlanningModule } from './planning/planning.module.js';
import { RoutingModule } from './routing/routing.module.js';
import { ScalingModule } from './scaling/scaling.module.js';
import { TellingModule } from './telling/telling.module.js';
import { WarmupsModule } from './warmups/warmups.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** A module for each kind of caller, and what all of them use: what outlives terms, and how refusals are told. */
@Module({
  imports: [
    ScheduleModule.forRoot(),
    RoutingModule,
    ModelsModule,
    FleetModule,
    PlanningModule,
    AuditModule,
    ScalingModule,
    TellingModule,
    WarmupsModule,
    WebhooksModule,
    AlertsModule,
    HealthModule,
  ],
  providers: [OpenPorts],
})
export class SchedulerModule {
  static of(shared: Provider[]): DynamicModule {
    return { module: SchedulerModule, global: true, providers: shared, exports: shared };
  }
}
