import type { Timers } from '#triton-simulator';
import type { Random } from './random.js';
import type { Site } from './site.js';

/** How long a message is under way, in ms. Widened by a fault. */
export interface Delays {
  longest: number;
}

/** One connection: what is sent arrives late, in its order, and while the network is parted not before it is whole. */
export class Wire {
  private readonly latest = { there: 0, back: 0 };

  constructor(
    private readonly site: Site,
    private readonly timers: Timers,
    private readonly random: Random,
    private readonly delays: Delays,
    private readonly grain: number,
  ) {}

  send(way: 'there' | 'back', arrive: () => void): void {
    const now = this.timers.now();
    const due = this.rounded(now + 0.1 + this.random.next() * this.delays.longest);
    this.latest[way] = Math.max(due, this.latest[way], this.site.partition.until);
    this.timers.after(this.latest[way] - now, arrive);
  }

  private rounded(due: number): number {
    return this.grain === 0 ? due : Math.ceil(due / this.grain) * this.grain;
  }
}
