import type { Instant, Millis } from '#core';
import { delayAfter, MAX_DELAY, probeDelay } from './retry-schedule.js';

/** How the sending of an event ended. `retryAfter`: what the endpoint asked for, null where it did not. */
export type Sent =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly retryAfter: Millis | null };

/** After so many failures in a row one event is sent at a time. */
const FAILURES_BEFORE_PROBES = 5;

/** An event that waits. Its number is its place in the order. */
interface Waiting {
  readonly number: number;
  readonly subject: string;
  attempts: number;
}

/**
 * The events that wait for one endpoint, on the time that is handed in. Of each subject the first alone may be sent: it is
 *
 *   ready ──> in flight ──> (delivered)
 *     ^           │
 *     └── later <─┘ failed
 *
 * The endpoint itself is `steady`, `failing` (after five failures in a row: one event at a time, with pauses), or `gone`
 * (it answered 410: nothing is sent).
 */
export class EndpointQueue {
  private readonly waiting = new Map<number, Waiting>();
  private readonly subjects = new Map<string, Waiting[]>();
  private readonly ready = new Set<string>();
  private readonly later = new Map<string, Instant>();
  private readonly inFlight = new Set<number>();
  private failures = 0;
  private pausedUntil: Instant = -Infinity;
  private isGone = false;

  get size(): number {
    return this.waiting.size;
  }

  /** How many of its events are in flight. */
  get flying(): number {
    return this.inFlight.size;
  }

  has(number: number): boolean {
    return this.waiting.has(number);
  }

  numbers(): Iterable<number> {
    return this.waiting.keys();
  }

  /** Forgets an event. Answers whether it was there; what is in flight stays. */
  drop(number: number): boolean {
    const event = this.inFlight.has(number) ? undefined : this.waiting.get(number);
    if (event !== undefined) this.remove(event);
    return event !== undefined;
  }

  /** The endpoint counts as steady again: its configuration was taken up anew. All that waits is due. */
  beginAnew(): void {
    this.isGone = false;
    this.failures = 0;
    this.pausedUntil = -Infinity;
    for (const subject of this.later.keys()) this.awake(subject);
  }

  get state(): 'steady' | 'failing' | 'gone' {
    if (this.isGone) return 'gone';
    return this.isFailing ? 'failing' : 'steady';
  }

  /** Adds an event behind those of its subject with smaller numbers; what is in flight stays first. */
  add(number: number, subject: string): void {
    const event: Waiting = { number, subject, attempts: 0 };
    this.waiting.set(number, event);
    const queue = this.subjects.get(subject);
    if (queue === undefined) {
      this.subjects.set(subject, [event]);
      this.ready.add(subject);
      return;
    }
    const from = this.inFlight.has(queue[0]!.number) ? 1 : 0;
    const place = queue.findIndex((other, nth) => nth >= from && other.number > number);
    if (place < 0) queue.push(event);
    else queue.splice(place, 0, event);
    if (place === 0) this.awake(subject);
  }

  /** The numbers of what is to be sent now, with `most` in flight at a time; they count as in flight from now on. */
  take(most: number, now: Instant): number[] {
    if (this.isGone || now < this.pausedUntil) return [];
    for (const [subject, at] of this.later) if (at <= now) this.awake(subject);
    const taken: number[] = [];
    for (const subject of this.ready) {
      if (this.inFlight.size >= this.bound(most)) break;
      this.ready.delete(subject);
      const { number } = this.subjects.get(subject)![0]!;
      this.inFlight.add(number);
      taken.push(number);
    }
    return taken;
  }

  /** When `take` has something to hand out by time alone; Infinity: not before something else happens. */
  nextAt(most: number): Instant {
    if (this.isGone || this.inFlight.size >= this.bound(most)) return Infinity;
    const due = this.ready.size > 0 ? -Infinity : Math.min(...this.later.values());
    return Math.max(due, this.pausedUntil);
  }

  /**
   * Takes up how the sending of an event ended. Answers how often it was sent where it is not sent any more, else null.
   * `random` is in [0, 1).
   */
  ended(number: number, sent: Sent, now: Instant, random: number): number | null {
    const event = this.waiting.get(number)!;
    this.inFlight.delete(number);
    event.attempts += 1;
    if (sent.kind === 'delivered') {
      this.succeeded();
      this.remove(event);
      return event.attempts;
    }
    if (sent.kind === 'gone') this.isGone = true;
    else this.failed(sent.retryAfter, now, random);
    const delay = delayAfter(event.attempts, random);
    if (delay === null || this.isGone) {
      this.remove(event);
      return event.attempts;
    }
    const wait = Math.max(delay, sent.kind === 'failed' ? boundedDelay(sent.retryAfter) : 0);
    this.later.set(event.subject, now + wait);
    return null;
  }

  /** Hands back an event that was not sent after all. */
  putBack(number: number): void {
    this.inFlight.delete(number);
    this.ready.add(this.waiting.get(number)!.subject);
  }

  /** Forgets the event that has waited longest and is not in flight. Answers with its number and how often it was sent. */
  dropOldest(): { readonly number: number; readonly attempts: number } | undefined {
    for (const event of this.waiting.values()) {
      if (this.inFlight.has(event.number)) continue;
      this.remove(event);
      return event;
    }
    return undefined;
  }

  private get isFailing(): boolean {
    return this.failures >= FAILURES_BEFORE_PROBES;
  }

  private bound(most: number): number {
    return this.isFailing ? 1 : most;
  }

  private failed(retryAfter: Millis | null, now: Instant, random: number): void {
    this.failures += 1;
    const probes = this.failures - FAILURES_BEFORE_PROBES + 1;
    const pause = probes > 0 ? probeDelay(probes, random) : 0;
    this.pausedUntil = Math.max(this.pausedUntil, now + Math.max(pause, boundedDelay(retryAfter)));
  }

  /** An endpoint that answers again is sent all that waits: the delays were for its failures. */
  private succeeded(): void {
    if (this.isFailing) for (const subject of this.later.keys()) this.awake(subject);
    this.failures = 0;
  }

  private awake(subject: string): void {
    this.later.delete(subject);
    this.ready.add(subject);
  }

  /** The next event of the subject has its turn. */
  private remove(event: Waiting): void {
    const queue = this.subjects.get(event.subject)!;
    this.waiting.delete(event.number);
    const place = queue.indexOf(event);
    queue.splice(place, 1);
    if (queue.length === 0) {
      this.subjects.delete(event.subject);
      this.ready.delete(event.subject);
      this.later.delete(event.subject);
    } else if (place === 0) this.awake(event.subject);
  }
}

const boundedDelay = (retryAfter: Millis | null): Millis => Math.min(retryAfter ?? 0, MAX_DELAY);
