import { hostname } from 'node:os';
import type { Provider } from '@nestjs/common';
import type { Config } from '#config';
import { Engine, type Learned, type LearnedFacts, OrderBook, type Told } from '#engine';
import { FlagLog, LimitLog, Metrics, MoveLog, ServerLog, ShortfallLog, TurnLog } from '#telemetry';
import { Problems } from './errors/problems.js';
import { RpcErrors } from './errors/rpc-errors.js';
import { logMisled } from './fleet/file-headers.js';
import type { Identity } from './fleet/fleet-view.js';
import { Freezes } from './fleet/freezes.js';
import { Leavers } from './fleet/leavers.js';
import { Links } from './fleet/links.js';
import { Overview } from './fleet/overview.js';
import { Registry } from './fleet/registry.js';
import { ServerList } from './fleet/server-list.js';
import { ServerWrites } from './fleet/server-writes.js';
import { Troubles } from './fleet/troubles.js';
import { observersOf } from './guarded.js';
import { GrpcHealth } from './health/grpc-health.js';
import { Readiness } from './health/readiness.js';
import { StoreWatch } from './health/store-watch.js';
import { baseModels, baseServers } from './layered-config.js';
import { Lifecycle } from './lifecycle.js';
import { Catalog } from './models/catalog.js';
import { ModelBatch } from './models/model-batch.js';
import { ModelList } from './models/model-list.js';
import { ModelOrders } from './models/model-orders.js';
import { OrderKeeping } from './models/order-keeping.js';
import { ModelWrites } from './models/model-writes.js';
import { PinEnds } from './models/pin-ends.js';
import { TurnWatch } from './models/turn-watch.js';
import type { Demo, SchedulerParts, SchedulerStore } from './parts.js';
import { Explanations } from './planning/explanations.js';
import { Planner } from './planning/planner.js';
import { Suppositions } from './planning/suppositions.js';
import { PressureMonitor } from './pressure/pressure-monitor.js';
import { openRecorder } from './recorder.js';
import { Resolver } from './routing/resolver.js';
import { Slices } from './slices.js';
import { LOG } from './tokens.js';
import { WallTimes } from './wall-times.js';
import { Answers } from './writes/answers.js';
import { Writes } from './writes/writes.js';

/** What the store held when it was opened, and the demo, where one runs. */
export interface Remembered {
  readonly told: Told;
  readonly facts: LearnedFacts;
  readonly demo: Demo | null;
}

export type Composition = ReturnType<typeof compose>;

/** Puts the scheduler together. Nothing runs yet. */
export function compose(
  config: Config,
  parts: SchedulerParts,
  store: SchedulerStore,
  remembered: Remembered,
) {
  const running = composeEngine(config, parts, store, remembered);
  const known = composeKnowledge(config, running, remembered, new Troubles(parts.log));
  const { engine, times, lifecycle, watch, metrics, writes, book } = running;
  const { catalog, models, registry, servers } = known;
  const { log, random } = parts;
  logMisled(registry.all(), log);
  const links = new Links(engine, parts.openServer, known.troubles);
  const overview = new Overview(identity(config, store), models, known.slices);
  const outside = { writes, times };
  return {
    ...running,
    ...known,
    log,
    links,
    modelWrites: new ModelWrites(engine, catalog, models, writes, times),
    batch: new ModelBatch(engine, catalog, writes, times),
    orders: new ModelOrders(engine, models, writes, watch, { book, times }),
    explanations: new Explanations(engine, models, times),
    planner: new Planner(engine, new Suppositions(engine, catalog, registry, times), lifecycle),
    serverWrites: new ServerWrites(engine, registry, links, servers, outside),
    overview,
    freezes: new Freezes(engine, (frozen) => overview.get(frozen), outside, remembered.told.freeze),
    resolver: new Resolver({ engine, registry, lifecycle, store: running.store }, metrics.resolve),
    problems: new Problems(log, random),
    rpcErrors: new RpcErrors(log, random),
    pinEnds: new PinEnds(engine, catalog, times),
    pressure: new PressureMonitor(engine, parts.gauge, config.limits.shedAtLagMs, log),
    leavers: new Leavers(engine, registry, links, times),
  };
}

/** What runs: the engine, its observers, and whether it serves. */
function composeEngine(
  config: Config,
  parts: SchedulerParts,
  { declarations, leadership, learned, health: storeHealth }: SchedulerStore,
  { told, facts }: Remembered,
) {
  const { clock, log, wallNow } = parts;
  const now = (): number => clock.now();
  const watch = new TurnWatch();
  const lifecycle = new Lifecycle();
  const book = new OrderBook(told.orders);
  const store = new StoreWatch(storeHealth);
  const { term } = leadership;
  const isStoreOk = (): boolean => store.isOk();
  const metrics = new Metrics({ now, term, process: parts.processMetrics, isStoreOk });
  const answers = new Answers({
    store: declarations,
    given: told.answers,
    wallNow,
    onDropped: (count) => metrics.answers.dropped(count),
  });
  const writes = new Writes(declarations, answers, lifecycle);
  const recorder = openRecorder(config, parts, metrics.recorder, term);
  const telemetry = [...(recorder ? [recorder] : []), metrics, ...logsTo(log)];
  const observers = observersOf([watch, new OrderKeeping(book, writes, log)], telemetry, log);
  const engine = new Engine({ clock, wallNow, learned: readAlready(learned, facts), leadership, observers });
  const readiness = new Readiness(engine, lifecycle);
  const health = new GrpcHealth(readiness);
  const times = new WallTimes(wallNow, now);
  return { engine, times, watch, metrics, recorder, lifecycle, readiness, health, writes, book, store };
}

/** What writes turns and what they changed into the log. */
const logsTo = (log: SchedulerParts['log']) => [
  new ServerLog(log),
  new FlagLog(log),
  new LimitLog(log),
  new ShortfallLog(log),
  new MoveLog(log),
  new TurnLog(log),
];

/** What is known of models and servers. */
function composeKnowledge(
  config: Config,
  { engine, times }: ReturnType<typeof composeEngine>,
  { told, demo }: Remembered,
  troubles: Troubles,
) {
  const catalog = new Catalog(baseModels(config, demo), told.models);
  const slices = new Slices();
  const models = new ModelList(engine, catalog, times, slices);
  const registry = new Registry(baseServers(config, demo), told.servers);
  const servers = new ServerList(registry, models, { slices, troubles });
  return { catalog, models, registry, slices, troubles, servers };
}

const identity = ({ fleet }: Config, { leadership }: SchedulerStore): Identity => {
  return { fleet, process: `${hostname()}-${process.pid}`, term: leadership.term };
};

/** The same things as Nest hands them to controllers. */
export function providersOf(made: Composition): Provider[] {
  return [
    { provide: LOG, useValue: made.log },
    { provide: ModelList, useValue: made.models },
    { provide: ModelWrites, useValue: made.modelWrites },
    { provide: ModelOrders, useValue: made.orders },
    { provide: ModelBatch, useValue: made.batch },
    { provide: ServerList, useValue: made.servers },
    { provide: ServerWrites, useValue: made.serverWrites },
    { provide: Overview, useValue: made.overview },
    { provide: Explanations, useValue: made.explanations },
    { provide: Planner, useValue: made.planner },
    { provide: Freezes, useValue: made.freezes },
    { provide: Readiness, useValue: made.readiness },
    { provide: Metrics, useValue: made.metrics },
    { provide: Problems, useValue: made.problems },
    { provide: RpcErrors, useValue: made.rpcErrors },
    { provide: GrpcHealth, useValue: made.health },
    { provide: PinEnds, useValue: made.pinEnds },
    { provide: Leavers, useValue: made.leavers },
    { provide: PressureMonitor, useValue: made.pressure },
    { provide: Writes, useValue: made.writes },
    { provide: StoreWatch, useValue: made.store },
  ];
}

/** The facts were read before: recalling them takes no time, so they share a turn with what is declared. */
function readAlready(learned: Learned, facts: LearnedFacts): Learned {
  return { read: () => Promise.resolve(facts), write: (changes) => learned.write(changes) };
}
