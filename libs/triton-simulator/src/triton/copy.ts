import type { Timers } from '../agenda.js';
import type { Instance } from './instances.js';
import { InferenceCounters } from './statistics.js';
import type { Execution } from './statistics.js';

/**
 * One set of a model's weights, from the load that asked for it until its memory is free:
 *
 *   queued ──> loading ──> serving ──> leaving ──> gone
 *     └───────────┴───(failed)──────────────────────┘
 *
 * `queued` waits for a load thread and holds nothing. `leaving` lasts until the last inference has ended and the model
 * has been taken down.
 */
export type CopyPhase = 'queued' | 'loading' | 'serving' | 'leaving' | 'gone';

/** Whether the process behind a copy lives; `caught` once an inference has found out that it does not. */
export type CopyHealth = 'alive' | 'dead' | 'caught';

/** Which copy this is, and where it lies. */
export interface CopyIdentity {
  readonly id: number;
  readonly model: string;
  readonly version: number;
  readonly instances: readonly Instance[];
}

interface Inference {
  readonly batchSize: number;
  readonly enteredAt: number;
  readonly done: (ok: boolean) => void;
  startedAt: number;
  /** Which instance runs it. */
  instance: number;
  cancel: () => void;
}

/** How long a request waits on a dead process before it fails. */
const UNHEALTHY_AFTER_MS = 1000;

/** One copy of one version: it runs an inference per instance at a time and keeps the others in a queue. */
export class Copy {
  phase: CopyPhase = 'queued';
  health: CopyHealth = 'alive';
  readonly counters = new InferenceCounters();
  private readonly executing = new Set<Inference>();
  private readonly queue: Inference[] = [];
  /** The instances whose processes have died while others go on. */
  private readonly lost = new Set<number>();
  private nextInstance = 0;
  private references = 0;
  private whenQuiet: (() => void) | undefined;

  readonly id: number;
  readonly model: string;
  readonly version: number;
  instances: readonly Instance[];

  constructor(
    { id, model, version, instances }: CopyIdentity,
    private readonly inferMs: number,
    private readonly timers: Timers,
    private readonly wallClock: () => number,
    private readonly series: InferenceCounters,
  ) {
    this.id = id;
    this.model = model;
    this.version = version;
    this.instances = instances;
  }

  /** The name under which this copy holds memory. */
  get holder(): string {
    return `${this.model}/${this.version}#${this.id}`;
  }

  get inFlight(): number {
    return this.references;
  }

  get pending(): number {
    return this.queue.length;
  }

  get isExecuting(): boolean {
    return this.executing.size > 0;
  }

  /** Keeps the copy alive, in `leaving` if need be, until the returned function is called. */
  retain(): () => void {
    this.references += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.references -= 1;
      this.settle();
    };
  }

  /** Counts what new instances execute before they serve: to the outside these were inferences like any other. */
  warmUp(times: number, batchSize: number): void {
    const execution = { requests: batchSize, batchSize, queuedMs: 0, computedMs: this.inferMs };
    for (let nth = 0; nth < times; nth++) this.count(execution);
  }

  /** Runs one request of so many inferences; the caller retains the copy meanwhile. */
  infer(batchSize: number, done: (ok: boolean) => void): void {
    this.queue.push({
      batchSize,
      enteredAt: this.timers.now(),
      done,
      startedAt: 0,
      instance: 0,
      cancel: () => {},
    });
    this.startNext();
  }

  /** The process behind the copy dies: what runs fails a second later, what waits one after the other. */
  die(): void {
    if (this.health !== 'alive') return;
    this.health = 'dead';
    for (const inference of this.executing) {
      inference.cancel();
      inference.cancel = this.timers.after(UNHEALTHY_AFTER_MS, () => this.end(inference));
    }
  }

  /** The process of one of its instances dies; where that was the last, all is as after `die`. */
  loseInstance(): void {
    if (this.lost.size + 1 >= this.instances.length) return this.die();
    this.lost.add(this.lost.size);
  }

  /** Takes no part in serving from now on; `whenQuiet` is called once nothing uses the copy any more. */
  leave(whenQuiet: () => void): void {
    this.phase = 'leaving';
    this.whenQuiet = whenQuiet;
    this.settle();
  }

  private count(execution: Omit<Execution, 'wallMs'>): void {
    const wallMs = this.wallClock();
    for (const counters of [this.counters, this.series]) counters.succeeded({ ...execution, wallMs });
  }

  private settle(): void {
    const quiet = this.whenQuiet;
    if (this.references > 0 || quiet === undefined) return;
    this.whenQuiet = undefined;
    quiet();
  }

  private startNext(): void {
    while (this.executing.size < Math.max(1, this.instances.length)) {
      const inference = this.queue.shift();
      if (inference === undefined) return;
      inference.startedAt = this.timers.now();
      inference.instance = this.freeInstance();
      this.executing.add(inference);
      const takesMs = this.isWell(inference) ? this.inferMs : UNHEALTHY_AFTER_MS;
      inference.cancel = this.timers.after(takesMs, () => this.end(inference));
    }
  }

  /** They take turns. */
  private freeInstance(): number {
    const busy = new Set([...this.executing].map(({ instance }) => instance));
    const count = Math.max(1, this.instances.length);
    while (busy.has(this.nextInstance % count)) this.nextInstance += 1;
    return this.nextInstance++ % count;
  }

  private isWell({ instance }: Inference): boolean {
    return this.health === 'alive' && !this.lost.has(instance);
  }

  private end(inference: Inference): void {
    const now = this.timers.now();
    const isWell = this.isWell(inference);
    this.executing.delete(inference);
    if (isWell) {
      const queuedMs = inference.startedAt - inference.enteredAt;
      const { batchSize } = inference;
      this.count({ requests: 1, batchSize, queuedMs, computedMs: now - inference.startedAt });
    } else {
      if (this.health !== 'alive') this.health = 'caught';
      this.counters.failedAfter(now - inference.enteredAt);
    }
    inference.done(isWell);
    this.startNext();
  }
}
