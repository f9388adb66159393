import type { Instant } from '#core';
import type { DeadLetterCause } from '#engine';
import { EndpointQueue, type Sent } from './endpoint-queue.js';

/** Bound of events in flight, to all endpoints together. */
export const MAX_IN_FLIGHT = 8;
/** Bound of events that wait for one endpoint; the oldest make room. */
const MAX_WAITING = 10_000;

/** An event that is to be sent. */
export interface Due {
  readonly endpoint: string;
  readonly number: number;
}

/** An event that is not sent any more. */
export interface Dead {
  readonly endpoint: string;
  readonly number: number;
  readonly cause: DeadLetterCause;
  readonly attempts: number;
}

/** What became of an event that was sent: it is done, or to be sent again later; and what is not sent any more. */
export interface Ended {
  readonly isDone: boolean;
  readonly dead: readonly Dead[];
}

/**
 * Decides which event is sent when, and has no clock and no chance of its own. Each endpoint has its part of what may be in
 * flight: so one that does not answer holds up no other.
 */
export class Deliveries {
  private queues: ReadonlyMap<string, EndpointQueue> = new Map();
  private inFlight = 0;

  constructor(
    /** In [0, 1). */
    private readonly random: () => number,
    private readonly mostWaiting = MAX_WAITING,
  ) {}

  /** Which endpoints there are, 8 at most. All of them begin afresh; what waits for others is dead. */
  setEndpoints(names: readonly string[]): Dead[] {
    const before = this.queues;
    this.queues = new Map(names.map((name) => [name, before.get(name) ?? new EndpointQueue()]));
    for (const queue of this.queues.values()) queue.beginAnew();
    const left = [...before].filter(([name]) => !this.queues.has(name));
    return left.flatMap(([name, queue]) => drained(name, queue, 'withdrawn'));
  }

  /** Whether one more event can wait without another making room. */
  hasRoomFor(endpoint: string): boolean {
    return (this.queues.get(endpoint)?.size ?? 0) < this.mostWaiting;
  }

  has(endpoint: string): boolean {
    return this.queues.has(endpoint);
  }

  /** Adds an event for an endpoint that there is; answers with what is not sent any more for it. */
  add(endpoint: string, number: number, subject: string): Dead[] {
    const queue = this.queues.get(endpoint)!;
    queue.add(number, subject);
    if (queue.state === 'gone') return drained(endpoint, queue, 'gone');
    if (queue.size <= this.mostWaiting) return [];
    const oldest = queue.dropOldest();
    return oldest === undefined
      ? []
      : [{ endpoint, cause: 'overflow', number: oldest.number, attempts: oldest.attempts }];
  }

  /** Adds an event that was given up before. An endpoint that is gone is tried again. */
  addAgain(endpoint: string, number: number, subject: string): Dead[] {
    const queue = this.queues.get(endpoint);
    if (queue?.state === 'gone') queue.beginAnew();
    return this.add(endpoint, number, subject);
  }

  /** What is to be sent now; it counts as in flight until `ended` or `putBack` is called for it. */
  take(now: Instant): Due[] {
    const taken: Due[] = [];
    for (const [endpoint, queue] of this.queues) {
      const most = Math.min(this.share, MAX_IN_FLIGHT - this.inFlight + queue.flying);
      for (const number of queue.take(most, now)) {
        taken.push({ endpoint, number });
        this.inFlight += 1;
      }
    }
    return taken;
  }

  /** When `take` has something to hand out by time alone; Infinity: not before something else happens. */
  nextAt(): Instant {
    if (this.inFlight >= MAX_IN_FLIGHT) return Infinity;
    return Math.min(...Array.from(this.queues.values(), (queue) => queue.nextAt(this.share)));
  }

  /** Takes up how the sending of an event ended. */
  ended({ endpoint, number }: Due, sent: Sent, now: Instant): Ended {
    this.inFlight -= 1;
    const queue = this.queues.get(endpoint);
    if (!queue?.has(number)) {
      if (sent.kind === 'delivered') return { isDone: true, dead: [] };
      return { isDone: false, dead: [{ endpoint, number, cause: 'withdrawn', attempts: 1 }] };
    }
    const attempts = queue.ended(number, sent, now, this.random());
    if (sent.kind === 'delivered') return { isDone: true, dead: [] };
    if (attempts === null) return { isDone: false, dead: [] };
    const cause = queue.state === 'gone' ? 'gone' : 'exhausted';
    const others = queue.state === 'gone' ? drained(endpoint, queue, 'gone') : [];
    return { isDone: false, dead: [{ endpoint, number, cause, attempts }, ...others] };
  }

  /** Hands back an event that was not sent after all: it could not be read. */
  putBack({ endpoint, number }: Due): void {
    this.inFlight -= 1;
    const queue = this.queues.get(endpoint);
    if (queue?.has(number)) queue.putBack(number);
  }

  /** The numbers of all that wait. */
  numbers(): number[] {
    return [...this.queues.values()].flatMap((queue) => [...queue.numbers()]);
  }

  /** Forgets an event that is not in flight. Answers whether it was there. */
  drop(number: number): boolean {
    return [...this.queues.values()].some((queue) => queue.drop(number));
  }

  /** How an endpoint stands, and how many events wait for it. */
  standing(endpoint: string): { readonly state: EndpointQueue['state']; readonly waiting: number } {
    const queue = this.queues.get(endpoint);
    return { state: queue?.state ?? 'steady', waiting: queue?.size ?? 0 };
  }

  /** How many events wait, for all endpoints together. */
  get waiting(): number {
    let sum = 0;
    for (const queue of this.queues.values()) sum += queue.size;
    return sum;
  }

  private get share(): number {
    return Math.max(1, Math.floor(MAX_IN_FLIGHT / Math.max(1, this.queues.size)));
  }
}

function drained(endpoint: string, queue: EndpointQueue, cause: DeadLetterCause): Dead[] {
  const dead: Dead[] = [];
  for (let one = queue.dropOldest(); one !== undefined; one = queue.dropOldest()) {
    dead.push({ endpoint, cause, number: one.number, attempts: one.attempts });
  }
  return dead;
}
