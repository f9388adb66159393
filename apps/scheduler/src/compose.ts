import { hostname } from 'node:os';
import type { Config } from '#config';
import { Engine, type LearnedChange, type LearnedFacts, type Observer, OrderBook, type Told } from '#engine';
import type { Store } from '#kept';
import { ClosedLog, FlagLog, LimitLog, type Metrics, ServerLog, TurnLog } from '#telemetry';
import { Episodes } from './alerts/episodes.js';
import { Audit } from './audit/audit.js';
import { Discovery } from './discovery/discovery.js';
import { Found } from './discovery/found.js';
import { drainEvent } from './fleet/core-server.js';
import { ExposureLog } from './fleet/exposures.js';
import { logMisled } from './fleet/file-headers.js';
import type { Identity } from './fleet/fleet-view.js';
import { Leavers } from './fleet/leavers.js';
import { Links } from './fleet/links.js';
import { Registry, type ServerEntry } from './fleet/registry.js';
import { ServerList } from './fleet/server-list.js';
import { Troubles } from './fleet/troubles.js';
import { observersOf } from './guarded.js';
import { Readiness } from './health/readiness.js';
import { StoreWatch } from './health/store-watch.js';
import { baseModels, baseServers } from './layered-config.js';
import { Lifecycle } from './lifecycle.js';
import { Catalog } from './models/catalog.js';
import { ModelList } from './models/model-list.js';
import { OrderKeeping } from './models/order-keeping.js';
import { TurnWatch } from './models/turn-watch.js';
import type { Demo, SchedulerParts } from './parts.js';
import type { CompleteParts } from './reigns/lasting.js';
import { openRecorder } from './recorder.js';
import { ToldRoutes } from './routing/told-routes.js';
import { ScalingNumbers, type ScalingParts } from './scaling/scaling-numbers.js';
import { Slices } from './slices.js';
import { EventsOfTurns } from './telling/events-of-turns.js';
import { Teller } from './telling/teller.js';
import { WallTimes } from './wall-times.js';
import { Watching } from './watching/watching.js';
import { HeardHooks } from './webhooks/heard-hooks.js';
import { Joining } from './webhooks/joining.js';
import { Leavings, type LeavingsParts } from './webhooks/leavings.js';
import { Answers } from './writes/answers.js';
import { Writes } from './writes/writes.js';

/** What the store held when it was opened, and the demo, where one runs. */
export interface Remembered {
  readonly told: Told;
  readonly facts: LearnedFacts;
  readonly demo: Demo | null;
  /** The name of this process among its peers; null: it has none. */
  readonly name: string | null;
}

export type Composition = ReturnType<typeof compose>;

/** Puts together what runs, with its ports. Nothing runs yet. */
export function compose(config: Config, parts: CompleteParts, store: Store, remembered: Remembered) {
  const { told, demo } = remembered;
  const registry = new Registry(baseServers(config, demo), told.servers, new Joining(config.webhooks.fleet));
  const troubles = new Troubles(parts.log);
  const running = composeEngine(config, parts, store, { ...remembered, registry, troubles });
  const known = composeKnowledge(config, { ...running, registry }, remembered, troubles);
  const { engine, times } = running;
  const { log } = parts;
  const { access, insecureListen, pressure, signatures } = parts.lasting;
  logMisled(registry.all(), log);
  const links = new Links(engine, parts.openServer, known.troubles);
  const found = new Found();
  const leavers = new Leavers(engine, registry, links, times, (id) => {
    found.release(id);
    running.leavings.forget(id);
  });
  const { metrics } = running;
  const discovery = new Discovery({
    ...{ engine, registry, links, leavers, times, found, log },
    names: parts.names,
    metrics: metrics.discovery,
  });
  discovery.take(config.discovery);
  return {
    ...running,
    ...known,
    routes: new ToldRoutes(registry, parts.lasting.routes.latest),
    ...{ access, log, links },
    leadership: store.leadership,
    identity: identity(config, store, remembered.name),
    freeze: { told: remembered.told.freeze },
    alertRules: { list: config.webhooks.alertmanager },
    episodes: new Episodes(remembered.told.episodes),
    ...{ insecureListen, signatures, pressure },
    discovery,
    leavers,
    exposures: new ExposureLog(engine, registry, log, new Set(remembered.demo?.servers.map(({ id }) => id))),
  };
}

/** What runs: the engine, its observers, and whether it serves. */
function composeEngine(
  config: Config,
  parts: CompleteParts,
  kept: Store,
  { told, facts, registry: addresses, troubles }: Remembered & Pick<LeavingsParts, 'registry' | 'troubles'>,
) {
  const { declarations, leadership, learned, outbox, health: storeHealth } = kept;
  const { clock, log, wallNow, warmups } = parts;
  const now = (): number => clock.now();
  const watch = new TurnWatch();
  const lifecycle = new Lifecycle();
  const book = new OrderBook(told.orders);
  const store = new StoreWatch(storeHealth);
  const { term } = leadership;
  const { metrics } = parts.lasting;
  metrics.begin({ term, isStoreOk: () => store.isOk() });
  const books = booksOf(parts, kept, told, metrics);
  const writes = new Writes(declarations, books, lifecycle);
  const recorder = openRecorder(config, parts, metrics.counts, term);
  const teller = tellerOf(parts, outbox, metrics);
  const events = new EventsOfTurns(teller, () => scaling.latest());
  const telemetry = [...(recorder ? [recorder] : []), metrics, ...logsTo(log), events];
  const routeTurns: Observer = { turnTaken: (turn, fleet) => watching.turnTaken(turn, fleet) };
  const times = new WallTimes(wallNow, now);
  const tell = (entry: ServerEntry): void => engine.tell(drainEvent(entry, times));
  const leavings = new Leavings({ registry: addresses, hooks: books.hooks, times, now, troubles, tell });
  const keeping = [book, leavings].map((one) => new OrderKeeping(one, writes, log));
  const observers = observersOf([watch, ...keeping, routeTurns], telemetry, log);
  const engine = new Engine({ clock, wallNow, ...keptFor(kept, facts), observers });
  const own = parts.lasting.routes;
  const watching = new Watching({ engine, addresses, leadership, own, log });
  const readiness = new Readiness(engine, lifecycle);
  const onSampled: ScalingParts['onSampled'] = (numbers, wanted) => metrics.scaling.sampled(numbers, wanted);
  const scaling = new ScalingNumbers({ engine, readiness, learned, wallNow, onSampled }, facts.wants);
  return {
    ...{ scaling, engine, times, watch, metrics, recorder, lifecycle, readiness, writes },
    ...{ hooks: books.hooks, audit: books.audit, book, store, teller, warmups, watching, leavings },
  };
}

/** What is kept beside what is written. */
function booksOf(
  { wallNow }: SchedulerParts,
  { declarations: store }: Store,
  told: Told,
  { counts }: Metrics,
) {
  const onDropped = (count: number): void => counts.idempotencyKeysDropped.inc(count);
  const forgotten = (count: number): void => counts.hookIdsDropped.inc(count);
  return {
    answers: new Answers({ store, given: told.answers, wallNow, onDropped }),
    audit: new Audit({ store, wallNow, onWritten: () => counts.auditRecords.inc() }),
    hooks: new HeardHooks({ given: told.hooks, wallNow, onDropped: forgotten }),
  };
}

/** What tells events to the endpoints of the configuration. */
function tellerOf(parts: SchedulerParts, outbox: Store['outbox'], { events }: Metrics): Teller {
  const { courier, courierClock: clock, wallNow, random, log } = parts;
  const teller = new Teller({ outbox, courier, clock, wallNow, random, log, metrics: events });
  events.follow(() => ({ waiting: teller.waiting, deadLetters: teller.letters.size }));
  return teller;
}

/** What writes turns and what they changed into the log. */
const logsTo = (log: SchedulerParts['log']) => [
  new ServerLog(log),
  new FlagLog(log),
  new LimitLog(log),
  new ClosedLog(log),
  new TurnLog(log),
];

/** What is known of models and servers. */
function composeKnowledge(
  config: Config,
  { engine, times, registry }: ReturnType<typeof composeEngine> & { readonly registry: Registry },
  { told, demo }: Remembered,
  troubles: Troubles,
) {
  const catalog = new Catalog(baseModels(config, demo), told.models);
  const slices = new Slices();
  const models = new ModelList(engine, catalog, times, slices);
  const servers = new ServerList(registry, models, { slices, troubles });
  return { catalog, models, registry, slices, troubles, servers };
}

const identity = ({ fleet }: Config, { leadership }: Store, name: string | null): Identity => {
  return { fleet, process: name ?? `${hostname()}-${process.pid}`, term: leadership.term };
};

/** The facts were read before: recalling them takes no time, so they share a turn with what is declared. */
const keptFor = ({ leadership, learned, health: store }: Store, facts: LearnedFacts) => ({
  ...{ leadership, store },
  learned: { read: async () => facts, write: (changes: readonly LearnedChange[]) => learned.write(changes) },
});
