import type { IndexRow, Look, MetricsSample, ModelId, ServingRow } from '#core';

type State = IndexRow['state'];

/** The server's side in tests of the core: what its index says, changed by hand or by the driver. */
export class Shelf {
  readonly states = new Map<ModelId, { state: State; reason: string }>();
  readonly served = new Map<
    ModelId,
    { succeeded: number; failed: number; lastInference: number; waited?: number; computed?: number }
  >();
  readonly pending = new Map<ModelId, number>();
  /** What the metrics show of the GPUs; none: that endpoint does not answer. */
  gpus: MetricsSample['gpus'] | null = [];
  /** What the statistics tell of the memory of each model. */
  readonly memory = new Map<ModelId, ServingRow['memory']>();
  /** The versions of each model that serve; none: just one. */
  readonly versions = new Map<ModelId, readonly string[]>();
  /** Serving without a row, as after its directory was removed. */
  readonly rowless = new Set<ModelId>();

  set(model: string, state: State, reason = ''): void {
    this.states.set(model as ModelId, { state, reason });
  }

  look(now: number, scope: 'full' | 'statistics', probeMode: boolean): Look {
    return {
      begunAt: now,
      endedAt: now,
      index: scope === 'full' ? this.rows() : null,
      serving: this.serving(),
      metrics: this.gpus && { gpus: this.gpus, hostMemory: 1e12, pending: new Map(this.pending) },
      mode: probeMode ? 'explicit' : null,
      serverVersion: probeMode ? '2.51.0' : null,
    };
  }

  private rows(): IndexRow[] {
    const listed = [...this.states].filter(([model]) => !this.rowless.has(model));
    return listed.map(([model, { state, reason }]) => ({
      model,
      version: state === '' ? '' : '1',
      state,
      reason,
    }));
  }

  private serving(): ServingRow[] {
    const ready = [...this.states].filter(([, { state }]) => state === 'READY');
    return ready.flatMap(([model]) =>
      (this.versions.get(model) ?? ['1']).map((version) => this.row(model, version)),
    );
  }

  private row(model: ModelId, version: string): ServingRow {
    return {
      model,
      version,
      memory: this.memory.get(model) ?? [],
      waited: 0,
      computed: 0,
      ...(this.served.get(model) ?? { succeeded: 0, failed: 0, lastInference: 0 }),
    };
  }
}
