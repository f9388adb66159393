import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Metrics } from '#telemetry';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { WarmupCalls } from './warmup-calls.js';

/** Only the leader tells of them, so that the numbers of peers may be added up. */
const NONE = { waiting: 0, running: 0, failed: 0 };

/** Counts the warm-ups that there are. */
@Injectable()
export class WarmupMetrics {
  constructor(
    @Inject(Metrics) private readonly metrics: Metrics,
    @OfTerm(WarmupCalls) private readonly calls: PerTerm<WarmupCalls>,
  ) {}

  /** A queue that is away keeps the numbers of before. */
  @Interval(5_000)
  async count(): Promise<void> {
    const { leading } = this.calls;
    const counts = leading === null ? NONE : await leading.counts().catch(() => null);
    const { warmups } = this.metrics.counts;
    for (const [state, count] of Object.entries(counts ?? {})) warmups.set({ state }, count);
  }
}
