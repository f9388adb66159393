import type { ReplicaId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { firstFrom } from './sorted.js';

/** Those on one page are gone over one by one. */
const PAGE: Millis = 1_000;

/** Which replicas are due when, by pages of a second, so that those whose time is far off cost nothing. */
export class Calendar {
  private readonly pages = new Map<number, Set<ReplicaId>>();
  /** The pages on which there is anything, in order. */
  private readonly numbers: number[] = [];

  /** Enters a replica for another instant than before. What is due at infinity never is, and stands nowhere. */
  move(id: ReplicaId, from: Instant, to: Instant): void {
    const [before, after] = [pageOf(from), pageOf(to)];
    if (before === after) return;
    if (before !== Infinity) this.strike(id, before);
    if (after !== Infinity) this.enter(id, after);
  }

  /** All that are due by an instant, and perhaps some that are within a second of it. */
  dueBy(at: Instant): ReplicaId[] {
    const due: ReplicaId[] = [];
    const last = pageOf(at);
    for (const number of this.numbers) {
      if (number > last) break;
      for (const id of this.pages.get(number)!) due.push(id);
    }
    return due;
  }

  /**
   * Goes over the replicas that are due from one instant on and before another, page by page. Each is asked for its own
   * instant, given the earliest so far: it answers that one or an earlier one, which is then the end. Returns the earliest.
   */
  earliest(from: Instant, before: Instant, ask: (id: ReplicaId, before: Instant) => Instant): Instant {
    let end = before;
    for (let at = firstFrom(this.numbers, pageOf(from)); at < this.numbers.length; at += 1) {
      const number = this.numbers[at]!;
      if (number * PAGE >= end) break;
      for (const id of this.pages.get(number)!) end = ask(id, end);
    }
    return end;
  }

  private enter(id: ReplicaId, number: number): void {
    const page = this.pages.get(number);
    if (page) {
      page.add(id);
      return;
    }
    this.pages.set(number, new Set([id]));
    this.numbers.splice(firstFrom(this.numbers, number), 0, number);
  }

  private strike(id: ReplicaId, number: number): void {
    const page = this.pages.get(number)!;
    page.delete(id);
    if (page.size > 0) return;
    this.pages.delete(number);
    this.numbers.splice(firstFrom(this.numbers, number), 1);
  }
}

const pageOf = (at: Instant): number => Math.floor(at / PAGE);
