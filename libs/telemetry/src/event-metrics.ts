import type { Counter } from 'prom-client';
import type { Instruments } from './instruments.js';

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

  constructor(make: Instruments) {
    this.deliveries = make.counter(
      'webhook_deliveries_total',
      'Tries to deliver an event to an endpoint, by result.',
      'result',
    );
    this.losses = make.counter(
      'webhook_events_lost_total',
      'Events that are told to no endpoint: the store did not take them, or has lost them.',
    );
    make.read('webhook_events_waiting', 'Events that wait to be delivered.', () => this.kept().waiting);
    make.read('webhook_dead_letters', 'Events that are not sent any more.', () => this.kept().deadLetters);
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
