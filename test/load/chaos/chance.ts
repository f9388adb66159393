/** Chance that a seed repeats: mulberry32. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(most: number): number {
    return this.next() * most;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least);
  }

  pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.below(all.length))]!;
  }

  shuffled<T>(all: readonly T[]): T[] {
    const drawn = all.map((one) => [this.next(), one] as const);
    return drawn.toSorted(([one], [other]) => one - other).map(([, one]) => one);
  }
}
