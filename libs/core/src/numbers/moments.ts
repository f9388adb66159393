import type { Instant } from '../fleet/model.js';
import { firstFrom } from './sorted.js';

/** Instants, each with how many share it: the next one is found at once, however many there are. */
export class Moments {
  private readonly counts = new Map<Instant, number>();
  /** Each once, in order. */
  private readonly order: Instant[] = [];

  /** Puts one instant in the place of another. What is due at infinity never is, and stands nowhere. */
  move(from: Instant, to: Instant): void {
    if (from === to) return;
    if (Number.isFinite(from)) this.strike(from);
    if (Number.isFinite(to)) this.enter(to);
  }

  /** The first that comes later than an instant; infinity where none does. */
  after(at: Instant): Instant {
    const first = firstFrom(this.order, at);
    return (this.order[first] === at ? this.order[first + 1] : this.order[first]) ?? Infinity;
  }

  private enter(at: Instant): void {
    const count = this.counts.get(at) ?? 0;
    this.counts.set(at, count + 1);
    if (count === 0) this.order.splice(firstFrom(this.order, at), 0, at);
  }

  private strike(at: Instant): void {
    const count = this.counts.get(at)!;
    if (count > 1) {
      this.counts.set(at, count - 1);
      return;
    }
    this.counts.delete(at);
    this.order.splice(firstFrom(this.order, at), 1);
  }
}
