import type { Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { Engine, type LearnedChange, type Observer, OrderBook } from '#engine';
import { ClosedLog, FlagLog, LimitLog, Metrics, ServerLog, TurnLog } from '#telemetry';
import { ExposureLog } from '../../admin/servers/exposures.js';
import { Registry } from '../../admin/servers/registry.js';
import { observersOf } from './safe-observer.js';
import { Readiness } from '../../cluster/leadership/readiness.js';
import { StoreWatch } from '../../cluster/leadership/store-watch.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { OrderKeeping } from '../../admin/models/order-keeping.js';
import { TurnWatch } from '../../admin/models/turn-watch.js';
import { ScalingNumbers } from '../../integrations/scaling/scaling-numbers.js';
import { EventsOfTurns } from '../../integrations/events/events-of-turns.js';
import { EventDispatcher } from '../../integrations/events/event-dispatcher.js';
import { RouteFeed } from '../../cluster/replication/route-feed.js';
import { Leavings } from '../../integrations/fleet-webhook/leavings.js';
import { Writes } from '../../admin/idempotency/writes.js';
import { provider } from './provider.js';
import type { TermInputs } from './term-inputs.js';

/** The engine, and what tells whether it serves. */
export function engineProviders(
  { facts, metrics, outside, store, told }: TermInputs,
  observers: readonly Observer[],
): Provider[] {
  const { clock, wallNow } = outside;
  const { leadership, learned, health } = store;
  /** The facts were read before: recalling them takes no time, so they share a turn with what is declared. */
  const recalled = {
    read: async () => facts,
    write: (changes: readonly LearnedChange[]) => learned.write(changes),
  };
  return [
    Lifecycle,
    TurnWatch,
    { provide: Metrics, useValue: metrics },
    provider(OrderBook, [], () => new OrderBook(told.orders)),
    provider(StoreWatch, [], () => new StoreWatch(health)),
    provider(
      Engine,
      [],
      () => new Engine({ clock, wallNow, leadership, store: health, learned: recalled, observers }),
    ),
    provider(Readiness, [Engine, Lifecycle], (engine, lifecycle) => new Readiness(engine, lifecycle)),
  ];
}

/**
 * What hears of the turns of the engine. Most observers ask the engine, so they are made after it. They are put into
 * `observers`, the list that the engine was given while it was empty.
 */
export function observerProviders(
  { demo, facts, outside, recorder, routes, store }: TermInputs,
  observers: Observer[],
): Provider[] {
  const { log, wallNow } = outside;
  const { leadership, learned, outbox } = store;
  return [
    provider(ScalingNumbers, [Engine, Readiness, Metrics], (engine, readiness, { scaling }) => {
      const onSampled: typeof scaling.sampled = (numbers, wanted) => scaling.sampled(numbers, wanted);
      return new ScalingNumbers({ engine, readiness, learned, wallNow, onSampled }, facts.wants);
    }),
    provider(RouteFeed, [Engine, Registry], (engine, addresses) => {
      return new RouteFeed({ engine, addresses, leadership, own: routes, log });
    }),
    provider(EventDispatcher, [Metrics], ({ events }) => {
      const { webhooks: client, webhookClock: courierClock, random } = outside;
      const dispatcher = new EventDispatcher({
        outbox,
        client,
        clock: courierClock,
        wallNow,
        random,
        log,
        metrics: events,
      });
      events.follow(() => ({ waiting: dispatcher.waiting, deadLetters: dispatcher.deadLetters.size }));
      return dispatcher;
    }),
    provider(ExposureLog, [Engine, Registry], (engine, registry) => {
      return new ExposureLog(engine, registry, log, new Set(demo?.servers.map(({ id }) => id)));
    }),
    turnObservers(log, recorder, observers),
  ];
}

/** Fills the list of those that hear of turns. */
const turnObservers = (log: Logger, recorder: Observer | null, observers: Observer[]): Provider =>
  provider(
    TurnObservers,
    [TurnWatch, OrderBook, Leavings, Writes, RouteFeed, Metrics, EventDispatcher, ScalingNumbers],
    (watch, book, leavings, writes, routeFeed, metrics, dispatcher, scaling) => {
      const keeping = [book, leavings].map((one) => new OrderKeeping(one, writes, log));
      const logs = [ServerLog, FlagLog, LimitLog, ClosedLog, TurnLog].map((Log) => new Log(log));
      const events = new EventsOfTurns(dispatcher, () => scaling.latest());
      const telemetry = [...(recorder ? [recorder] : []), metrics, ...logs, events];
      observers.push(...observersOf([watch, ...keeping, routeFeed], telemetry, log));
      return new TurnObservers();
    },
  );

/** Is there once the list of observers is filled: a token for Nest. */
class TurnObservers {}
