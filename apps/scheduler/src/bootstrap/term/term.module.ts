import { hostname } from 'node:os';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { Observer } from '#engine';
import { Registry } from '../../admin/servers/registry.js';
import { AlertTargets } from '../../integrations/alertmanager/alert-actions.js';
import { AlertWrites } from '../../integrations/alertmanager/alert-writes.js';
import { AuditList } from '../../admin/audit/audit-list.js';
import { Identity } from '../../admin/servers/fleet-view.js';
import { Freezes } from '../../admin/servers/freezes.js';
import { Overview } from '../../admin/servers/overview.js';
import { ServerWrites } from '../../admin/servers/server-writes.js';
import { DemoEnd } from '../demo-end.js';
import { ModelBatch } from '../../admin/models/model-batch.js';
import { ModelOrders } from '../../admin/models/model-orders.js';
import { ModelWrites } from '../../admin/models/model-writes.js';
import { DeclaredModels } from '../../admin/models/declared-models.js';
import { ModelRules } from '../../admin/models/model-rules.js';
import { LOG } from '../../transport/nest-log.js';
import { PressureMonitor } from '../../transport/limits/pressure-monitor.js';
import { Explanations } from '../../admin/planning/explanations.js';
import { Planner } from '../../admin/planning/planner.js';
import { Suppositions } from '../../admin/planning/suppositions.js';
import { ConfigReload } from './config-reload.js';
import { LeaderRoutes } from '../../routing/leader-routes.js';
import { RouteMessages } from '../../cluster/replication/route-messages.js';
import { DeadLetterCalls } from '../../integrations/events/dead-letter-calls.js';
import { EndpointCalls } from '../../integrations/events/endpoint-calls.js';
import { WarmupCalls, WARMUPS } from '../../admin/warmups/warmup-calls.js';
import { FleetHooks } from '../../integrations/fleet-webhook/fleet-hooks.js';
import { StoreUpkeep } from './store-upkeep.js';
import { engineProviders, observerProviders } from './engine-providers.js';
import { declaredProviders, serverProviders } from './declared-providers.js';
import { provider } from './provider.js';
import { TermConfig } from '../../cluster/leadership/term-config.js';
import { TERM_INPUTS, type TermInputs } from './term-inputs.js';
import { TermLife } from './term-life.js';

/** What callers ask of a term. */
const CALLED: Provider[] = [
  AlertTargets,
  AlertWrites,
  AuditList,
  ConfigReload,
  DeadLetterCalls,
  DeclaredModels,
  DemoEnd,
  EndpointCalls,
  Explanations,
  FleetHooks,
  Freezes,
  LeaderRoutes,
  ModelBatch,
  ModelOrders,
  ModelRules,
  ModelWrites,
  Overview,
  Planner,
  ServerWrites,
  StoreUpkeep,
  Suppositions,
  TermLife,
  WarmupCalls,
];

/** All that decides: one application context for each term of leading, closed with it. */
@Module({})
export class TermModule {
  static of(inputs: TermInputs): DynamicModule {
    const { config, demo, outside, pressure, routes, store, warmups, won } = inputs;
    const observers: Observer[] = [];
    const process = won?.name ?? `${hostname()}-${globalThis.process.pid}`;
    return {
      module: TermModule,
      imports: [ScheduleModule.forRoot()],
      providers: [
        { provide: TERM_INPUTS, useValue: inputs },
        { provide: LOG, useValue: outside.log },
        { provide: PressureMonitor, useValue: pressure },
        { provide: WARMUPS, useValue: warmups },
        provider(TermConfig, [], () => new TermConfig(config, demo)),
        provider(Identity, [], () => new Identity(config.fleet, process, store.leadership.term)),
        provider(RouteMessages, [Registry], (registry) => new RouteMessages(registry, routes.latest)),
        ...engineProviders(inputs, observers),
        ...observerProviders(inputs, observers),
        ...declaredProviders(inputs),
        ...serverProviders(inputs),
        ...CALLED,
      ],
    };
  }
}
