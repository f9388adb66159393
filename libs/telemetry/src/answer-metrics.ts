import { Counter, type Registry } from 'prom-client';

/** Answers to writes with an Idempotency-Key that were not kept for their whole time. */
export class AnswerMetrics {
  private readonly drops: Counter;

  constructor(registry: Registry) {
    this.drops = new Counter({
      name: 'berth_idempotency_keys_dropped_total',
      help: 'Idempotency keys forgotten before 24 h, to make room for newer ones.',
      registers: [registry],
    });
  }

  dropped(count: number): void {
    this.drops.inc(count);
  }
}
