import { Counter, type Registry } from 'prom-client';
import { addReadGauge } from './read-gauge.js';

/** How many events are kept now. */
export interface KeptEvents {
  readonly waiting: number;
  readonly deadLetters: number;
}

/** What is told to the endpoints of the configuration. */
export class EventMetrics {
  private readonly deliveries: Counter<'result'>;
  private readonly losses: Counter;
  private kept: () => KeptEvents = () => ({ waiting: 0, deadLetters: 0 });

  constructor(registry: Registry) {
    this.deliveries = new Counter({
      name: 'berth_webhook_deliveries_total',
      help: 'Tries to deliver an event to an endpoint, by result.',
      labelNames: ['result'],
      registers: [registry],
    });
    this.losses = new Counter({
      name: 'berth_webhook_events_lost_total',
      help: 'Events that are told to no endpoint: the store did not take them, or has lost them.',
      registers: [registry],
    });
    const gauge = (name: string, help: string, read: () => number): void =>
      addReadGauge(registry, `webhook_${name}`, help, read);
    gauge('events_waiting', 'Events that wait to be delivered.', () => this.kept().waiting);
    gauge('dead_letters', 'Events that are not sent any more.', () => this.kept().deadLetters);
  }

  /** From now on the numbers are read there, at each scrape. */
  follow(kept: () => KeptEvents): void {
    this.kept = kept;
  }

  /** A try has ended. `result` is of a closed list. */
  tried(result: string): void {
    this.deliveries.inc({ result });
  }

  lost(count: number): void {
    this.losses.inc(count);
  }
}
