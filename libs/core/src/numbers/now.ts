import type { Instant } from '../fleet/model.js';

/**
 * The moment of a turn. It answers whether another moment has come, and remembers the earliest of those that it denied: that
 * is when time alone can change an answer, and so when the next turn is due. It cannot be compared in any other way.
 */
export class Now {
  private soonest: Instant = Infinity;

  /** `stamp` is what is stored, told and counted with: time that passes by itself, and not what changes at a moment. */
  constructor(readonly stamp: Instant) {}

  /** Whether a moment has come; null never comes. */
  has(at: Instant | null): boolean {
    const moment = at ?? Infinity;
    if (moment <= this.stamp) return true;
    this.soonest = Math.min(this.soonest, moment);
    return false;
  }

  /** A comparison or a text that is made of it is a fault of ours that the compiler did not see. */
  [Symbol.toPrimitive](): never {
    throw new TypeError('a moment is asked (has) or stamped, not compared');
  }

  /** The earliest moment that was asked for and has not come; infinite where there is none. */
  get next(): Instant {
    return this.soonest;
  }
}
