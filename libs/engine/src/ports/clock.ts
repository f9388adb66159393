import type { Instant } from '#core';

/** Time, handed in so that tests can replace it. */
export interface Clock {
  /** Milliseconds on a monotonic clock, which jumps of the wall clock do not move. */
  now(): Instant;
  /** Rings once at or after `at`, replacing any earlier alarm. `Infinity` means never. */
  setAlarm(at: Instant, ring: () => void): void;
  /** Runs `task` after all that is ready now, so that the events of one tick share a turn. */
  soon(task: () => void): void;
}
