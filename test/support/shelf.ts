import type { IndexRow, Look, MetricsSample, ModelId, ServingRow } from '#core';

type State = IndexRow['state'];

/** A Triton in tests and benches of the core, as far as a look shows it: changed by hand or by what plays it. */
export class Shelf {
  readonly states = new Map<ModelId, State>();
  readonly reasons = new Map<ModelId, string>();
  /** The device of each model that was put on one. */
  readonly devices = new Map<ModelId, number>();
  readonly served = new Map<
    ModelId,
    { succeeded: number; failed: number; lastInference: number; waited?: number }
  >();
  readonly pending = new Map<ModelId, number>();
  /** What the metrics show of the GPUs; none: that endpoint does not answer. */
  gpus: MetricsSample['gpus'] | null = [];
  /** What they show of the host; none: 0, as of a process that has just started. */
  hostMemory: number | null = 1e12;
  /** What the statistics tell of the memory of each model. */
  readonly memory = new Map<ModelId, ServingRow['memory']>();
  /** The versions of each model that serve; none: just one. */
  readonly versions = new Map<ModelId, readonly string[]>();
  /** Serving without a row, as after its directory was removed. */
  readonly rowless = new Set<ModelId>();

  constructor(repository: readonly string[] = []) {
    for (const model of repository) this.set(model, '');
  }

  set(model: string, state: State, reason = ''): void {
    this.states.set(model as ModelId, state);
    this.reasons.set(model as ModelId, reason);
  }

  /** Ready on a device. */
  put(model: ModelId, device: number): void {
    this.set(model, 'READY');
    this.devices.set(model, device);
  }

  copy(): Shelf {
    return Object.assign(new Shelf(), structuredClone(this));
  }

  look(now: number, scope: 'full' | 'statistics', probeMode: boolean): Look {
    return {
      begunAt: now,
      endedAt: now,
      index: scope === 'full' ? this.rows() : null,
      serving: this.serving(),
      metrics: this.gpus && {
        gpus: this.gpus,
        hostMemory: this.hostMemory,
        pending: new Map(this.pending),
      },
      mode: probeMode ? 'explicit' : null,
      serverVersion: probeMode ? '2.51.0' : null,
    };
  }

  private rows(): IndexRow[] {
    const listed = [...this.states].filter(([model]) => !this.rowless.has(model));
    return listed.map(([model, state]) => ({
      model,
      version: state === '' ? '' : '1',
      state,
      reason: this.reasons.get(model)!,
    }));
  }

  private serving(): ServingRow[] {
    const ready = [...this.states].filter(([, state]) => state === 'READY');
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
      ...(this.served.get(model) ?? { succeeded: 0, failed: 0, lastInference: 0 }),
    };
  }
}
