/** How often something happened, and how long it took in all. */
interface Duration {
  readonly count: number;
  readonly ns: number;
}

/** The executions of one batch size. */
interface BatchStatistics {
  readonly size: number;
  readonly executions: Duration;
}

/** One row of a statistics answer. `memoryUsage` stays empty, as on a server without the memory tracker. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Wall time of the last completion in milliseconds; 0 before the first. */
  readonly lastInference: number;
  /** Each of a batch counts; `success` counts requests. */
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: Duration;
  readonly fail: Duration;
  readonly queue: Duration;
  readonly computeInfer: Duration;
  /** By batch size, the smallest first. */
  readonly batches: readonly BatchStatistics[];
}

/** One execution that succeeded. */
export interface Execution {
  /** How many requests it answered. */
  readonly requests: number;
  /** How many inferences they were. */
  readonly batchSize: number;
  readonly queuedMs: number;
  readonly computedMs: number;
  readonly wallMs: number;
}

interface Count {
  count: number;
  ns: number;
}

/** What one copy counts; a full reload begins a new one. */
export class InferenceCounters {
  private lastInference = 0;
  private inferences = 0;
  private executions = 0;
  private readonly success: Count = { count: 0, ns: 0 };
  private readonly failed: Count = { count: 0, ns: 0 };
  private readonly queue: Count = { count: 0, ns: 0 };
  private readonly compute: Count = { count: 0, ns: 0 };
  private readonly batches = new Map<number, Count>();

  succeeded({ requests, batchSize, queuedMs, computedMs, wallMs }: Execution): void {
    this.inferences += batchSize;
    this.executions += 1;
    add(this.success, requests, queuedMs + computedMs);
    add(this.queue, requests, queuedMs);
    add(this.compute, requests, computedMs);
    const batch = this.batches.get(batchSize) ?? { count: 0, ns: 0 };
    this.batches.set(batchSize, batch);
    add(batch, 1, computedMs);
    this.lastInference = Math.round(wallMs);
  }

  /** Neither the count of inferences nor the time of the last one moves when an inference fails. */
  failedAfter(ms: number): void {
    add(this.failed, 1, ms);
  }

  row(name: string, version: string): ModelStatistics {
    const sizes = [...this.batches].sort(([one], [other]) => one - other);
    return {
      name,
      version,
      lastInference: this.lastInference,
      inferenceCount: this.inferences,
      executionCount: this.executions,
      success: { ...this.success },
      fail: { ...this.failed },
      queue: { ...this.queue },
      computeInfer: { ...this.compute },
      batches: sizes.map(([size, executions]) => ({ size, executions: { ...executions } })),
    };
  }
}

function add(to: Count, times: number, ms: number): void {
  to.count += times;
  to.ns += times * Math.round(ms * 1e6);
}
