import { Counter, Gauge, type Registry } from 'prom-client';

/** How many warm-ups are kept, by how they stand. */
export interface WarmupNumbers {
  readonly waiting: number;
  readonly running: number;
  readonly failed: number;
}

/** What becomes of warm-ups. */
export class WarmupMetrics {
  private readonly kept: Gauge<'state'>;
  private readonly models: Counter<'outcome'>;
  private readonly ends: Counter<'state'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.kept = new Gauge({
      name: 'berth_warmups',
      help: 'Warm-ups that are kept, by state; failed ones are dead letters.',
      labelNames: ['state'],
      registers,
    });
    this.models = new Counter({
      name: 'berth_warmup_models_total',
      help: 'Models of warm-ups that this process has waited for, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.ends = new Counter({
      name: 'berth_warmups_ended_total',
      help: 'Warm-ups that have ended in this process, by state.',
      labelNames: ['state'],
      registers,
    });
    this.counted({ waiting: 0, running: 0, failed: 0 });
  }

  counted(numbers: WarmupNumbers): void {
    for (const state of ['waiting', 'running', 'failed'] as const) this.kept.set({ state }, numbers[state]);
  }

  /** The load of a model has ended: `ready`, or the reason why not. */
  warmed(end: string): void {
    this.models.inc({ outcome: end === 'ready' ? 'ready' : 'failed' });
  }

  /** `state` is of a closed list. */
  ended(state: string): void {
    this.ends.inc({ state });
  }
}
