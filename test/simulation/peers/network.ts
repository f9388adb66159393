import type { Timers } from '#triton-simulator';
import type { Process } from '../process.js';
import type { Random } from '../random.js';

/** Links between peers. What is sent arrives in its order, unless the link is cut: then it is lost. */
export class Network {
  private readonly cut = new Set<string>();
  private readonly latest = new Map<string, number>();

  constructor(
    private readonly timers: Timers,
    private readonly random: Random,
  ) {}

  /** `lose` is called in its place where it is lost. */
  send(from: string, to: string, process: Process, arrive: () => void, lose = (): void => undefined): void {
    const link = `${from} ${to}`;
    const now = this.timers.now();
    const due = Math.max(this.latest.get(link) ?? 0, now + 0.1 + 2 * this.random.next());
    this.latest.set(link, due);
    this.timers.after(due - now, () => {
      if (this.isCut(from) || this.isCut(to)) lose();
      else process.receive(arrive);
    });
  }

  /** No other peer reaches it, nor it any other. */
  isolate(peer: string, ms: number): void {
    this.cut.add(peer);
    this.timers.after(ms, () => this.cut.delete(peer));
  }

  isCut(peer: string): boolean {
    return this.cut.has(peer);
  }
}
