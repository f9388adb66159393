import type { Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';

/** When a load should begin and end, from now. One that waits for leases leaves its slot to others until then. */
export interface Span {
  /** Null of what has no place yet. */
  readonly replica: Replica | null;
  readonly from: Millis;
  readonly until: Millis;
}

interface SlotDepth {
  /** So many loads run together, */
  readonly slots: number;
  /** and so many have their places. */
  readonly depth: number;
}

/** The loads of a server that end some time, and when there is a turn behind them. */
export class Spans {
  /** What ends first, first. */
  private readonly spans: Span[];

  constructor(
    spans: readonly Span[],
    private readonly most: SlotDepth,
  ) {
    this.spans = spans.toSorted((one, other) => one.until - other.until);
  }

  /** When a slot is free behind those that are ahead, and so few of them are left that one more is given a place. */
  turn(isAhead: (one: Span) => boolean): Millis {
    const { slots, depth } = this.most;
    const last = this.lastAhead(isAhead);
    const [first] = last;
    const isShort = first && last.length >= depth ? first.until : 0;
    const ends = last.map(({ until }) => until);
    const turns = [isShort, ...ends.filter((end) => end > isShort)];
    return turns.find((at) => runningAt(last, at) < slots)!;
  }

  /**
   * Of those ahead the last to end, as many as have their places at once: until the first of these ends there are too many, so
   * that it does not matter when the others do. However many stand in line, no more are gone over.
   */
  private lastAhead(isAhead: (one: Span) => boolean): readonly Span[] {
    const last: Span[] = [];
    for (let at = this.spans.length - 1; at >= 0 && last.length < this.most.depth; at -= 1) {
      const span = this.spans[at]!;
      if (isAhead(span)) last.push(span);
    }
    return last.reverse();
  }

  add(span: Span): void {
    const at = this.spans.findLastIndex(({ until }) => until <= span.until) + 1;
    this.spans.splice(at, 0, span);
  }
}

function runningAt(spans: readonly Span[], at: Millis): number {
  let running = 0;
  for (const { from, until } of spans) if (from <= at && at < until) running += 1;
  return running;
}
