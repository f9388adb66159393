import type { ReplicaId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

const SECOND: Millis = 1_000;

/**
 * How many routes to each replica were given in the last second. They are counted in windows of a second; the last whole window
 * counts by the part of it that is no more than a second ago.
 */
export class HandedOut {
  private window = -Infinity;
  private current = new Map<ReplicaId, number>();
  private last: ReadonlyMap<ReplicaId, number> = new Map();

  note(id: ReplicaId, now: Instant): void {
    this.turnTo(now);
    this.current.set(id, (this.current.get(id) ?? 0) + 1);
  }

  inLastSecond(id: ReplicaId, now: Instant): number {
    this.turnTo(now);
    const left = 1 - (now % SECOND) / SECOND;
    return (this.current.get(id) ?? 0) + (this.last.get(id) ?? 0) * left;
  }

  private turnTo(now: Instant): void {
    const window = Math.floor(now / SECOND);
    if (window === this.window) return;
    this.last = window === this.window + 1 ? this.current : new Map();
    this.current = new Map();
    this.window = window;
  }
}
