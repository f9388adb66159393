import type { Counter, Histogram } from 'prom-client';
import type { AccountId, Action, Event, Fleet, Instant, Millis, ModelId, OrderId, ReplicaId } from '#core';
import type { Observer, Turn } from '#engine';
import type { Instruments } from './instruments.js';
import { News } from './news.js';

/** Orders whose end is never reported, such as those to a forgotten server, must not pile up. */
const MAX_OPEN = 10_000;

/** When orders were given, until they end. */
class OrderTimes {
  private readonly given = new Map<OrderId, Instant>();

  note(order: OrderId, at: Instant): void {
    this.given.set(order, at);
    if (this.given.size <= MAX_OPEN) return;
    for (const oldest of this.given.keys()) return void this.given.delete(oldest);
  }

  /** How long it took; undefined for an order that is not known. */
  end(order: OrderId, at: Instant): Millis | undefined {
    const given = this.given.get(order);
    this.given.delete(order);
    return given === undefined ? undefined : at - given;
  }
}

const LOAD_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300];
const TURN_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5];

/** Metrics that follow from what happened in the turns and what they decided. */
export class TurnMetrics implements Observer {
  private orders = new OrderTimes();
  private readonly turns: Histogram;
  private readonly waits: Histogram;
  private readonly loads: Histogram<'outcome'>;
  private readonly unloads: Histogram<'outcome'>;
  private readonly promises: Counter<'outcome' | 'cause'>;
  private readonly refused: Counter<'reason'>;
  private readonly evictions: Counter<'cause'>;
  private readonly exceeded: Counter<'policy'>;
  private limitViolations = new News<ModelId>();
  private readonly ranOut: Counter<'server'>;
  private shortfalls = new News<AccountId>();
  private readonly refuted: Counter;
  private readonly restless: Counter;
  private refutations = new News<ReplicaId>();

  constructor(make: Instruments) {
    const seconds = LOAD_SECONDS;
    this.turns = make.histogram('turn_seconds', 'How long turns of the core took.', TURN_SECONDS);
    this.waits = make.histogram('cold_start_wait_seconds', 'How long the cold waited for a route.', seconds);
    this.loads = make.histogram('load_seconds', 'How long loads took, by outcome.', seconds, 'outcome');
    this.unloads = make.histogram(
      'unload_seconds',
      'How long Triton took to answer unloads.',
      seconds,
      'outcome',
    );
    this.promises = make.counter(
      'promises_total',
      'Promises of a route to requests for cold models: kept, or broken and why.',
      'outcome',
      'cause',
    );
    this.refused = make.counter('queue_refused_total', 'Cold requests refused, by reason.', 'reason');
    this.evictions = make.counter('evictions_total', 'Unloads that were ordered, by cause.', 'cause');
    this.exceeded = make.counter(
      'limit_exceeded_total',
      'Models measured above their limits, by policy.',
      'policy',
    );
    this.ranOut = make.counter(
      'memory_shortfalls_total',
      'Devices on which a load ran out of memory where the books had room.',
      'server',
    );
    this.refuted = make.counter(
      'bindings_refuted_total',
      'Loads whose time had come on a server where no copies could leave for them after all.',
    );
    this.restless = make.counter('restless_turns_total', 'Moments at which the core found no rest.');
  }

  /** A term begins: what was under way and known in an earlier one says nothing of it. */
  begin(): void {
    this.orders = new OrderTimes();
    this.limitViolations = new News();
    this.shortfalls = new News();
    this.refutations = new News();
  }

  turnTaken({ events, actions, now, took, isAtRest = true }: Turn, fleet: Fleet): void {
    if (!isAtRest) this.restless.inc();
    this.turns.observe(took / 1_000);
    for (const [model] of this.limitViolations.in(fleet.limitViolations, ({ bytes }) => bytes)) {
      const policy = fleet.models.get(model)?.onLimitExceeded;
      if (policy) this.exceeded.inc({ policy });
    }
    for (const [, { server }] of this.shortfalls.in(fleet.shortfalls, ({ at }) => at))
      this.ranOut.inc({ server });
    this.refuted.inc(this.refutations.in(fleet.refuted, (until) => until).length);
    for (const event of events) this.happened(event, now);
    for (const action of actions) this.decided(action, now);
  }

  private happened(event: Event, now: Instant): void {
    if (event.kind !== 'LoadEnded' && event.kind !== 'UnloadEnded') return;
    const took = this.orders.end(event.order, now);
    if (event.outcome.kind === 'unsent') return;
    if (took === undefined) return;
    const histogram = event.kind === 'LoadEnded' ? this.loads : this.unloads;
    histogram.observe({ outcome: event.outcome.kind }, took / 1_000);
  }

  private decided(action: Action, now: Instant): void {
    switch (action.kind) {
      case 'load':
        return this.orders.note(action.order, now);
      case 'unload':
        this.evictions.inc({ cause: action.cause });
        return this.orders.note(action.order, now);
      case 'grant':
        if (action.promised) this.promises.inc({ outcome: 'kept', cause: '' });
        return action.cold ? this.waits.observe(action.waited / 1_000) : undefined;
      case 'refuse':
        if (action.broken) this.promises.inc({ outcome: 'broken', cause: action.broken });
        return this.refused.inc({ reason: action.refusal.reason });
      default:
    }
  }
}
