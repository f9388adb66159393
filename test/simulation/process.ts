import { MortalTimers, type Timers } from '#triton-simulator';

/**
 * What one process hears of the world: its timers ring, and messages reach it. While it is paused nothing does; then
 * everything that came due happens at once and late, its timers first, as in a process that was stopped and goes on.
 */
export class Process implements Timers {
  private readonly timers: MortalTimers;
  private readonly rung: (() => void)[] = [];
  private readonly arrived: (() => void)[] = [];
  private since = -Infinity;
  private until = -Infinity;

  constructor(private readonly world: Timers) {
    this.timers = new MortalTimers(world);
  }

  now(): number {
    return this.world.now();
  }

  get isPaused(): boolean {
    return this.now() < this.until;
  }

  /** When the last pause ended, or will. */
  get resumedAt(): number {
    return this.until;
  }

  /** Until when it had heard, at some moment, of what happened: before the pause in which that was, or just ended. */
  heardAt(moment: number): number {
    return moment >= this.since && moment <= this.until ? this.since : moment;
  }

  after(ms: number, run: () => void): () => void {
    let isCancelled = false;
    const ring = (): void => {
      if (!isCancelled) run();
    };
    const cancel = this.timers.after(ms, () => (this.isPaused ? void this.rung.push(ring) : ring()));
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** Something comes from outside. */
  receive(run: () => void): void {
    if (this.isPaused) this.arrived.push(run);
    else run();
  }

  pause(ms: number): void {
    if (!this.isPaused) this.since = this.now();
    this.until = Math.max(this.until, this.now() + ms);
    this.timers.after(this.until - this.now(), () => this.resume());
  }

  die(): void {
    this.timers.die();
    this.rung.length = 0;
    this.arrived.length = 0;
  }

  /** One after the other: between two of them what the first has promised is settled. */
  private resume(): void {
    if (this.isPaused) return;
    for (const run of [...this.rung.splice(0), ...this.arrived.splice(0)]) this.timers.after(0, run);
  }
}
