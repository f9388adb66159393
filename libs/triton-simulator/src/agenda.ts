/** Time as a thing that is handed in: a clock that only moves forward, and a way to be called later. */
export interface Timers {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `run` once, `ms` from now, unless the returned function is called first. */
  after(ms: number, run: () => void): () => void;
}

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Virtual time: what is due runs in the order of its time, then of its entry, and nothing ever waits. */
export class Agenda implements Timers {
  private readonly heap: Entry[] = [];
  private time: number;
  private entries = 0;

  constructor(start = 0) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): () => void {
    const entry: Entry = { due: this.time + Math.max(0, ms), order: this.entries++, run, cancelled: false };
    this.push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Runs everything that falls due until `end`, what is entered meanwhile included, and leaves the clock at `end`. */
  runUntil(end: number): void {
    for (let next = this.peek(); next !== undefined && next.due <= end; next = this.peek()) this.runNext();
    this.time = Math.max(this.time, end);
  }

  /** Runs everything that falls due within the next `ms`. */
  advance(ms: number): void {
    this.runUntil(this.time + ms);
  }

  /** Moves the clock to the next entry and runs it; false when the agenda is empty. */
  runNext(): boolean {
    const next = this.peek();
    if (next === undefined) return false;
    this.pop();
    this.time = next.due;
    next.run();
    return true;
  }

  /** When the next entry falls due; undefined when there is none. */
  nextDue(): number | undefined {
    return this.peek()?.due;
  }

  private peek(): Entry | undefined {
    while (this.heap[0]?.cancelled === true) this.pop();
    return this.heap[0];
  }

  private push(entry: Entry): void {
    let at = this.heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let at = 0; ;) {
      const child = this.smallerChild(at);
      if (child === undefined || !this.isBefore(child, at)) return;
      this.swap(at, child);
      at = child;
    }
  }

  private smallerChild(at: number): number | undefined {
    const left = 2 * at + 1;
    if (left >= this.heap.length) return undefined;
    return left + 1 < this.heap.length && this.isBefore(left + 1, left) ? left + 1 : left;
  }

  private isBefore(left: number, right: number): boolean {
    const [one, other] = [this.heap[left]!, this.heap[right]!];
    return one.due === other.due ? one.order < other.order : one.due < other.due;
  }

  private swap(left: number, right: number): void {
    [this.heap[left], this.heap[right]] = [this.heap[right]!, this.heap[left]!];
  }
}

/** Time as it passes outside. Every timer keeps the process alive until it has run or was cancelled. */
export function realTimers(): Timers {
  return {
    now: () => performance.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Timers that can be silenced all at once: what a process still meant to do when it died. */
export class MortalTimers implements Timers {
  private readonly pending = new Set<() => void>();
  private alive = true;

  constructor(private readonly timers: Timers) {}

  now(): number {
    return this.timers.now();
  }

  after(ms: number, run: () => void): () => void {
    if (!this.alive) return () => {};
    const cancelOuter = this.timers.after(ms, () => {
      this.pending.delete(cancel);
      run();
    });
    const cancel = (): void => {
      this.pending.delete(cancel);
      cancelOuter();
    };
    this.pending.add(cancel);
    return cancel;
  }

  /** Cancels everything and refuses anything new. */
  die(): void {
    this.alive = false;
    for (const cancel of [...this.pending]) cancel();
  }
}
