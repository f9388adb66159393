import { Refused } from '../errors/refused.js';

/** So many batches are under way at a time: a body of 4 MiB takes several times as much once it is read. */
const MOST = 8;

/** Bounds the batches that are under way, over HTTP and gRPC together. */
export class BatchPlaces {
  private readonly taken = new Set<object>();

  /** Takes a place. What it returns gives the place back. Throws `queue_full` where no place is free. */
  take(): () => void {
    if (this.taken.size >= MOST) throw new Refused(FULL);
    const place = {};
    this.taken.add(place);
    return () => this.taken.delete(place);
  }
}

const FULL = { reason: 'queue_full', detail: 'too many batches are under way', retryAfter: 1_000 } as const;
