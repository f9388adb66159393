import type { Instant } from '#core';

/** Milliseconds since 1970, as the wall clock has them. It may jump. */
export type WallClock = () => number;

/** Smaller differences between the two clocks are rounding: told times must not flicker by them. */
const SLACK = 50;

/** Goes between our monotonic instants and the times of day that people are told. */
export class WallTimes {
  private offset = -Infinity;

  constructor(
    readonly wallNow: WallClock,
    private readonly now: () => Instant,
  ) {}

  /** RFC 3339 in UTC. */
  told(instant: Instant): string {
    return new Date(Math.round(instant + this.currentOffset())).toISOString();
  }

  toldOrNull(instant: Instant | null): string | null {
    return instant === null || !Number.isFinite(instant) ? null : this.told(instant);
  }

  instantOf(time: string): Instant {
    return Date.parse(time) - this.currentOffset();
  }

  hasPassed(time: string): boolean {
    return Date.parse(time) <= this.wallNow();
  }

  private currentOffset(): number {
    const offset = this.wallNow() - this.now();
    if (Math.abs(offset - this.offset) > SLACK) this.offset = offset;
    return this.offset;
  }
}
