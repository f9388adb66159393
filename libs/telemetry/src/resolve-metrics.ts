import type { Counter, Histogram } from 'prom-client';
import type { Millis } from '#core';
import type { Instruments } from './instruments.js';

const SECONDS = [0.0001, 0.001, 0.01, 0.1, 1, 2, 5, 10, 20, 40, 60, 120, 300];

/** Counts what callers of Resolve were answered; warm routes take no turn, so the turns do not tell. */
export class ResolveMetrics {
  private readonly answered: Counter<'result'>;
  private readonly warm: Histogram.Internal<'cold'>;
  private readonly cold: Histogram.Internal<'cold'>;
  private readonly routed: Counter.Internal;

  constructor(make: Instruments) {
    this.answered = make.counter(
      'resolve_total',
      'Answers to resolve calls: routed, or the reason of the refusal.',
      'result',
    );
    const took = make.histogram(
      'resolve_seconds',
      'How long resolve calls took, by whether they had to wait.',
      SECONDS,
      'cold',
    );
    this.routed = this.answered.labels({ result: 'routed' });
    this.warm = took.labels({ cold: 'false' });
    this.cold = took.labels({ cold: 'true' });
  }

  /** `result` is `routed` or one of the closed list of reasons. */
  resolved(result: string, cold: boolean, took: Millis): void {
    if (result === 'routed') this.routed.inc();
    else this.answered.inc({ result });
    (cold ? this.cold : this.warm).observe(took / 1_000);
  }
}
