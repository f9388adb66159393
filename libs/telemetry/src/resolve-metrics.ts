import type { MetricValueWithName } from 'prom-client';
import type { Millis } from '#core';
import type { Instruments } from './instruments.js';

const SECONDS = [0.0001, 0.001, 0.01, 0.1, 1, 2, 5, 10, 20, 40, 60, 120, 300, Infinity];

type Sample = MetricValueWithName<string>;

/** How long calls took: one series of a histogram. */
class Times {
  private readonly counts = SECONDS.map(() => 0);
  private sum = 0;

  constructor(private readonly labels: Sample['labels']) {}

  note(seconds: number): void {
    let nth = 0;
    while (seconds > SECONDS[nth]!) nth += 1;
    this.counts[nth]! += 1;
    this.sum += seconds;
  }

  /** None as long as nothing was noted. */
  samples(name: string): Sample[] {
    const { counts, labels } = this;
    let count = 0;
    const buckets = SECONDS.map((le, nth) => {
      count += counts[nth]!;
      return {
        metricName: `${name}_bucket`,
        labels: { le: le === Infinity ? '+Inf' : le, ...labels },
        value: count,
      };
    });
    const whole = { sum: this.sum, count };
    const rest = Object.entries(whole).map(([of, value]) => ({ metricName: `${name}_${of}`, labels, value }));
    return count === 0 ? [] : [...buckets, ...rest];
  }
}

/** Counts what callers of Resolve were answered; warm routes take no turn, so the turns do not tell. */
export class ResolveMetrics {
  private readonly answered = new Map<string, number>();
  private readonly warm = new Times({ cold: 'false' });
  private readonly cold = new Times({ cold: 'true' });

  constructor(make: Instruments) {
    make.told(
      ...([
        'counter',
        'resolve_total',
        'Answers to resolve calls: routed, or the reason of the refusal.',
      ] as const),
      (metricName) =>
        [...this.answered].map(([result, value]) => ({ metricName, labels: { result }, value })),
    );
    make.told(
      ...([
        'histogram',
        'resolve_seconds',
        'How long resolve calls took, by whether they had to wait.',
      ] as const),
      (name) => [this.warm, this.cold].flatMap((times) => times.samples(name)),
    );
  }

  /** `result` is `routed` or one of the closed list of reasons. */
  resolved(result: string, cold: boolean, took: Millis): void {
    this.answered.set(result, (this.answered.get(result) ?? 0) + 1);
    (cold ? this.cold : this.warm).note(took / 1_000);
  }
}
