import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AlertsModule } from './integrations/alertmanager/alerts.module.js';
import { AuditModule } from './admin/audit/audit.module.js';
import { FleetModule } from './admin/servers/fleet.module.js';
import { HealthModule } from './transport/health/health.module.js';
import { ModelsModule } from './admin/models/models.module.js';
import { PlanningModule } from './admin/planning/planning.module.js';
import { RoutingModule } from './routing/routing.module.js';
import { ScalingModule } from './integrations/scaling/scaling.module.js';
import { EventsModule } from './integrations/events/events.module.js';
import { WarmupsModule } from './admin/warmups/warmups.module.js';
import { WebhooksModule } from './integrations/fleet-webhook/fleet-webhook.module.js';

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
    EventsModule,
    WarmupsModule,
    WebhooksModule,
    AlertsModule,
    HealthModule,
  ],
})
export class AppModule {
  static of(shared: Provider[]): DynamicModule {
    return { module: AppModule, global: true, providers: shared, exports: shared };
  }
}
