import type { Instant } from '#core';

/** Time, as a thing that can be handed in. */
export interface Clock {
  /** Milliseconds on a monotonic clock: it never runs backwards, and wall-clock jumps do not move it. */
  now(): Instant;
  /** Rings once at or after `at`, replacing any earlier alarm. `Infinity` means never. */
  setAlarm(at: Instant, ring: () => void): void;
  /** Runs `task` after everything that is ready now, so that what happens in one tick shares a turn. */
  soon(task: () => void): void;
}
