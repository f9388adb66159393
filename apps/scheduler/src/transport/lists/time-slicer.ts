import { CallerGone } from '../limits/caller-gone.js';
import { Refused } from '../errors/refused.js';

/** Milliseconds of one piece of work before other work has its turn. */
const SLICE_MS = 2;
/** Bound of works that wait or are under way. */
const MOST = 1_000;
/** Bound of works under way, each with up to 4 MiB that it has made. The others hold nothing. */
const MAX_BEGUN = 8;

/** Work in small steps. It is told at each step whether other work has had a turn since the one before. */
export type Steps<Made> = Generator<void, Made, boolean>;

interface Task {
  readonly step: () => boolean;
  readonly end: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/**
 * Does long reads in slices: one slice is worked on in a turn of the event loop, in rotation among those that are under way. So
 * probes and routes have their turn after each. The others begin in the order in which they came.
 */
export class TimeSlicer {
  private readonly begun: Task[] = [];
  private readonly waiting = new Set<Task>();
  private isAwaited = false;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Does the work, and none of it before the next turn of the event loop. Throws `queue_full` where there is too much of it, and
   * rejects with `CallerGone` once the caller has gone.
   */
  run<Made>(work: Steps<Made>, signal: AbortSignal): Promise<Made> {
    if (this.begun.length + this.waiting.size >= MOST) throw tooMany();
    return new Promise((resolve, reject) => {
      const step = (hasPaused: boolean): boolean => {
        const { done, value } = work.next(hasPaused);
        if (done) resolve(value);
        return done ?? false;
      };
      const task = { step: this.sliced(step), end: reject, signal };
      this.waiting.add(task);
      signal.addEventListener('abort', () => this.waiting.delete(task) && reject(new CallerGone()));
      this.awaitTurn();
    });
  }

  /** Works until the slice is over, or all is done: then it says so. */
  private sliced(step: (hasPaused: boolean) => boolean): () => boolean {
    return () => {
      const over = this.now() + SLICE_MS;
      let isDone = step(true);
      while (!isDone && this.now() < over) isDone = step(false);
      return isDone;
    };
  }

  private awaitTurn(): void {
    if (this.isAwaited) return;
    this.isAwaited = true;
    setImmediate(() => {
      this.isAwaited = false;
      this.turn();
      if (this.begun.length + this.waiting.size > 0) this.awaitTurn();
    });
  }

  private turn(): void {
    for (const task of this.waiting) {
      if (this.begun.length >= MAX_BEGUN) break;
      this.waiting.delete(task);
      this.begun.push(task);
    }
    const task = this.begun.shift();
    if (task === undefined) return;
    try {
      if (task.signal.aborted) throw new CallerGone();
      if (!task.step()) this.begun.push(task);
    } catch (error) {
      task.end(error);
    }
  }
}

/** Does all of a work at once. */
export function atOnce<Made>(work: Steps<Made>): Made {
  for (;;) {
    const { done, value } = work.next(false);
    if (done) return value;
  }
}

const tooMany = (): Refused =>
  new Refused({ reason: 'queue_full', detail: 'too many lists are being made already', retryAfter: 1_000 });
