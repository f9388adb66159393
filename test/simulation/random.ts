/**
 * A small seeded generator (mulberry32). The simulation takes every choice from streams like this, one per subsystem:
 * with a fault switched off the others still happen as they did.
 */
export class Random {
  private state: number;

  constructor(seed: number, stream: string) {
    this.state = Buffer.from(stream).reduce(
      (hash, letter) => Math.imul(hash ^ letter, 16_777_619),
      seed * 7919,
    );
    for (let i = 0; i < 8; i++) this.next();
  }

  /** From 0 up to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A whole number of which every order of magnitude is as likely. */
  spread(min: number, max: number): number {
    const [low, high] = [Math.log(min), Math.log(max + 1)];
    return Math.min(max, Math.floor(Math.exp(low + this.next() * (high - low))));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)]!;
  }

  /** The first ones are picked most often, the more so the higher `power` is; with 1 all alike. */
  pickEarly<T>(items: readonly T[], power = 2): T {
    return items[Math.floor(this.next() ** power * items.length)]!;
  }

  /** A waiting time of a memoryless process. */
  pause(mean: number): number {
    return Math.ceil(-Math.log(1 - this.next()) * mean);
  }
}
