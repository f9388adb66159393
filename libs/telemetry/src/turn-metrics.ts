import { Counter, Histogram, type Registry } from 'prom-client';
import type { Action, Event, Instant } from '#core';
import type { Observer, Turn } from '#engine';
import { OrderTimes } from './order-times.js';

const LOAD_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300];
const TURN_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5];

/** Metrics that follow from what happened in the turns and what they decided. */
export class TurnMetrics implements Observer {
  private readonly orders = new OrderTimes();
  private readonly turns: Histogram;
  private readonly waits: Histogram;
  private readonly loads: Histogram<'outcome'>;
  private readonly unloads: Histogram<'outcome'>;
  private readonly refused: Counter<'reason'>;
  private readonly evictions: Counter<'cause'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.turns = new Histogram({
      name: 'berth_turn_seconds',
      help: 'How long turns of the core took.',
      buckets: TURN_SECONDS,
      registers,
    });
    this.waits = new Histogram({
      name: 'berth_cold_start_wait_seconds',
      help: 'How long requests for cold models waited until they were routed.',
      buckets: LOAD_SECONDS,
      registers,
    });
    this.loads = new Histogram({
      name: 'berth_load_seconds',
      help: 'How long loads took, by outcome.',
      labelNames: ['outcome'],
      buckets: LOAD_SECONDS,
      registers,
    });
    this.unloads = new Histogram({
      name: 'berth_unload_seconds',
      help: 'How long unloads took until Triton acknowledged them, by outcome.',
      labelNames: ['outcome'],
      buckets: LOAD_SECONDS,
      registers,
    });
    this.refused = new Counter({
      name: 'berth_queue_refused_total',
      help: 'Requests for cold models that were refused, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.evictions = new Counter({
      name: 'berth_evictions_total',
      help: 'Unloads that were ordered, by cause.',
      labelNames: ['cause'],
      registers,
    });
  }

  turnTaken({ events, actions, now, took }: Turn): void {
    this.turns.observe(took / 1_000);
    for (const event of events) this.happened(event, now);
    for (const action of actions) this.decided(action, now);
  }

  private happened(event: Event, now: Instant): void {
    if (event.kind !== 'LoadEnded' && event.kind !== 'UnloadEnded') return;
    const took = this.orders.end(event.order, now);
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
        return action.cold ? this.waits.observe(action.waited / 1_000) : undefined;
      case 'refuse':
        return this.refused.inc({ reason: action.refusal.reason });
      default:
    }
  }
}
