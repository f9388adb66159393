import type { Instant } from '#core';
import type { Clock } from '#engine';

/** setTimeout can wait no longer than this. */
const LONGEST = 2 ** 31 - 1;

/** The process' own monotonic clock. */
export class MonotonicClock implements Clock {
  private alarm: NodeJS.Timeout | undefined;

  now(): Instant {
    return performance.now();
  }

  /** A timer may be early by a fraction of a millisecond, and is too short for some waits: then it is set again. */
  setAlarm(at: Instant, ring: () => void): void {
    clearTimeout(this.alarm);
    if (at === Infinity) return;
    const wait = Math.min(LONGEST, Math.max(0, Math.ceil(at - this.now())));
    this.alarm = setTimeout(() => (this.now() >= at ? ring() : this.setAlarm(at, ring)), wait);
  }

  soon(task: () => void): void {
    setImmediate(task);
  }
}
