import type { ReplicaId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { addTo, removeFrom } from './groups.js';

const secondOf = (at: Instant): number => Math.floor(at / 1_000);

/**
 * Replicas by the instant at which they are due, on numbered pages. What is due much later costs a search nothing. What
 * is due at infinity is on no page.
 */
export class Calendar {
  private readonly pages = new Map<number, Set<ReplicaId>>();
  /** The numbers of the pages, in order. */
  private readonly numbers: number[] = [];

  /** Enters a replica for another instant than before. */
  move(id: ReplicaId, from: Instant, to: Instant): void {
    const [before, after] = [secondOf(from), secondOf(to)];
    if (before === after) return;
    if (before !== Infinity) this.strike(id, before);
    if (after !== Infinity) this.enter(id, after);
  }

  /** All replicas that are due by an instant, and perhaps some that are due later on the same page. */
  dueBy(at: Instant): ReplicaId[] {
    const due: ReplicaId[] = [];
    const last = secondOf(at);
    for (const number of this.numbers) {
      if (number > last) break;
      for (const id of this.pages.get(number)!) due.push(id);
    }
    return due;
  }

  /** When the first page after that of an instant begins; infinite where there is none. */
  nextPage(at: Instant): Instant {
    const number = this.numbers[firstFrom(this.numbers, secondOf(at) + 1)];
    return number === undefined ? Infinity : number * 1_000;
  }

  private enter(id: ReplicaId, number: number): void {
    if (!this.pages.has(number)) this.numbers.splice(firstFrom(this.numbers, number), 0, number);
    addTo(this.pages, number, id);
  }

  private strike(id: ReplicaId, number: number): void {
    removeFrom(this.pages, number, id);
    if (!this.pages.has(number)) this.numbers.splice(firstFrom(this.numbers, number), 1);
  }
}

/** The index of the first element of an ascending list that is not below a number (binary search). */
function firstFrom(sorted: readonly number[], number: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
