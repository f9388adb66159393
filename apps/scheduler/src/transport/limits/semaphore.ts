import { Refused, type RefusalFacts } from '../errors/refused.js';

/** Bounds what is under way at a time, of a kind that takes much memory: a long body takes several times as much once it is read. */
export class Semaphore {
  private readonly taken = new Set<object>();

  /** `full` is what is told where all `most` places are taken. */
  constructor(
    private readonly most: number,
    private readonly full: RefusalFacts,
  ) {}

  /** Takes a place. What it returns gives the place back. Throws where no place is free. */
  take(): () => void {
    if (this.taken.size >= this.most) throw new Refused(this.full);
    const place = {};
    this.taken.add(place);
    return () => this.taken.delete(place);
  }
}
