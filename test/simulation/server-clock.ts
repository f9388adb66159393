import type { Timers } from '#triton-simulator';

/** Some wall time, so that a virtual one looks like it. */
const EPOCH = 1_700_000_000_000;
/** How a process starts: its metrics come later than its gRPC, and tell of its host later still. */
export const AT_START = { metricsAfterMs: 90, hostMemoryAfterMs: 1_000 };

/**
 * Time as a server has it: all of it goes by a little faster or slower than for Berth, and its wall clock is set now and
 * then, by hours if need be.
 */
export class ServerClock implements Timers {
  private setBy = 0;

  constructor(
    private readonly world: Timers,
    private readonly rate: number,
  ) {}

  now(): number {
    return this.world.now() * this.rate;
  }

  after(ms: number, run: () => void): () => void {
    return this.world.after(ms / this.rate, run);
  }

  readonly wallTime = (): number => EPOCH + this.now() + this.setBy;

  /** The wall clock jumps, ahead or back. */
  setWallTime(by: number): void {
    this.setBy += by;
  }
}
