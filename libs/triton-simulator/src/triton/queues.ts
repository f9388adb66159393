import type { Timers } from '../agenda.js';

/** The one thread that serves every call but load, unload and inference: a slow one delays all that follow. */
export class CommonHandler {
  private busyUntil = 0;

  constructor(private readonly timers: Timers) {}

  run(costMs: number, work: () => void): void {
    const now = this.timers.now();
    this.busyUntil = Math.max(now, this.busyUntil) + costMs;
    this.timers.after(this.busyUntil - now, work);
  }
}

/** The load threads: so many loads run at a time, the rest wait in order; one that never ends keeps its thread. */
export class LoadThreads {
  private readonly waiting: ((done: () => void) => void)[] = [];
  private running = 0;

  constructor(private readonly count: number) {}

  run(task: (done: () => void) => void): void {
    this.waiting.push(task);
    this.startNext();
  }

  private startNext(): void {
    if (this.running >= this.count) return;
    const task = this.waiting.shift();
    if (task === undefined) return;
    this.running += 1;
    task(() => {
      this.running -= 1;
      this.startNext();
    });
  }
}

interface Claim {
  readonly names: ReadonlySet<string>;
  readonly run: (release: () => void) => void;
}

/** Locks by name, several at once; among claims that share a name in order of arrival, or the newest first. */
export class NameLocks {
  private readonly held = new Set<Claim>();
  private waiting: Claim[] = [];

  constructor(private readonly isNewestFirst: () => boolean) {}

  acquire(names: ReadonlySet<string>, run: (release: () => void) => void): void {
    this.waiting.push({ names, run });
    this.grant();
  }

  isHeld(name: string): boolean {
    return [...this.held].some((claim) => claim.names.has(name));
  }

  isIdle(): boolean {
    return this.held.size === 0 && this.waiting.length === 0;
  }

  private grant(): void {
    const blocked: Set<string> = new Set([...this.held].flatMap((claim) => [...claim.names]));
    const granted: Claim[] = [];
    const inTurn = this.isNewestFirst() ? this.waiting.toReversed() : this.waiting;
    for (const claim of inTurn) {
      const isFree = [...claim.names].every((name) => !blocked.has(name));
      if (isFree) granted.push(claim);
      for (const name of claim.names) blocked.add(name);
    }
    this.waiting = this.waiting.filter((claim) => !granted.includes(claim));
    for (const claim of granted) this.held.add(claim);
    for (const claim of granted) claim.run(() => this.release(claim));
  }

  private release(claim: Claim): void {
    if (this.held.delete(claim)) this.grant();
  }
}
