import { hostname } from 'node:os';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { Observer } from '#engine';
import { Registry } from '../fleet/registry.js';
import { AlertTargets } from '../alerts/alert-hands.js';
import { AlertWrites } from '../alerts/alert-writes.js';
import { AuditList } from '../audit/audit-list.js';
import { Identity } from '../fleet/fleet-view.js';
import { Freezes } from '../fleet/freezes.js';
import { Overview } from '../fleet/overview.js';
import { ServerWrites } from '../fleet/server-writes.js';
import { DemoEnd } from '../demo-end.js';
import { ModelBatch } from '../models/model-batch.js';
import { ModelOrders } from '../models/model-orders.js';
import { ModelWrites } from '../models/model-writes.js';
import { DeclaredModels } from '../models/declared-models.js';
import { ModelRules } from '../models/together.js';
import { LOG } from '../nest-log.js';
import { PressureMonitor } from '../pressure/pressure-monitor.js';
import { Explanations } from '../planning/explanations.js';
import { Planner } from '../planning/planner.js';
import { Suppositions } from '../planning/suppositions.js';
import { ConfigReload } from '../reload.js';
import { LeaderRoutes } from '../routing/leader-routes.js';
import { ToldRoutes } from '../routing/told-routes.js';
import { DeadLetterCalls } from '../telling/dead-letter-calls.js';
import { EndpointCalls } from '../telling/endpoint-calls.js';
import { WarmupCalls, WARMUPS } from '../warmups/warmup-calls.js';
import { FleetHooks } from '../webhooks/fleet-hooks.js';
import { StoreUpkeep } from '../writes/upkeep.js';
import { engineProviders, observerProviders } from './deciding.js';
import { declaredProviders, serverProviders } from './declared.js';
import { made } from './made.js';
import { TermConfig } from './term-config.js';
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
    const { config, demo, parts, store, won } = inputs;
    const observers: Observer[] = [];
    const process = won?.name ?? `${hostname()}-${globalThis.process.pid}`;
    return {
      module: TermModule,
      imports: [ScheduleModule.forRoot()],
      providers: [
        { provide: TERM_INPUTS, useValue: inputs },
        { provide: LOG, useValue: parts.log },
        { provide: PressureMonitor, useValue: parts.lasting.pressure },
        { provide: WARMUPS, useValue: parts.warmups },
        made(TermConfig, [], () => new TermConfig(config, demo)),
        made(Identity, [], () => new Identity(config.fleet, process, store.leadership.term)),
        made(ToldRoutes, [Registry], (registry) => new ToldRoutes(registry, parts.lasting.routes.latest)),
        ...engineProviders(inputs, observers),
        ...observerProviders(inputs, observers),
        ...declaredProviders(inputs),
        ...serverProviders(inputs),
        ...CALLED,
      ],
    };
  }
}
