/** How often something happened, and how long it took in all. */
interface Duration {
  readonly count: number;
  readonly ns: number;
}

/** One row of a statistics answer. `memoryUsage` stays empty, as on a server without the memory tracker. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Wall time of the last completion in milliseconds; 0 before the first. */
  readonly lastInference: number;
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: Duration;
  readonly fail: Duration;
  readonly queue: Duration;
  readonly computeInfer: Duration;
}

interface Count {
  count: number;
  ns: number;
}

/** What one copy counts; a full reload begins a new one. */
export class InferenceCounters {
  private lastInference = 0;
  private readonly success: Count = { count: 0, ns: 0 };
  private readonly failed: Count = { count: 0, ns: 0 };
  private readonly queue: Count = { count: 0, ns: 0 };
  private readonly compute: Count = { count: 0, ns: 0 };

  succeeded(queuedMs: number, computedMs: number, wallMs: number): void {
    add(this.success, queuedMs + computedMs);
    add(this.queue, queuedMs);
    add(this.compute, computedMs);
    this.lastInference = Math.round(wallMs);
  }

  /** Neither the count of inferences nor the time of the last one moves when an inference fails. */
  failedAfter(ms: number): void {
    add(this.failed, ms);
  }

  row(name: string, version: string): ModelStatistics {
    return {
      name,
      version,
      lastInference: this.lastInference,
      inferenceCount: this.success.count,
      executionCount: this.success.count,
      success: { ...this.success },
      fail: { ...this.failed },
      queue: { ...this.queue },
      computeInfer: { ...this.compute },
    };
  }
}

function add(to: Count, ms: number): void {
  to.count += 1;
  to.ns += Math.round(ms * 1e6);
}
