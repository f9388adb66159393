import type { Instant } from '#core';
import type { RouteEvent } from './route-event.js';
import type { Line } from './route-publisher.js';

/** How a watcher is reached. */
export interface Stream {
  write(event: RouteEvent): void;
  /** Ends it: what it is told here is not good any more. */
  end(): void;
}

/** The way to one peer: an event is under way until the peer has named its number. */
export class PeerLine implements Line {
  under: { readonly event: RouteEvent; readonly since: Instant } | null = null;
  /** Up to this revision the peer has taken up all. */
  taken = -1;

  constructor(readonly stream: Stream) {}

  get isFree(): boolean {
    return this.under === null;
  }

  send(event: RouteEvent, now: Instant): void {
    this.under = { event, since: now };
    this.stream.write(event);
  }

  acknowledge(number: number): void {
    if (this.under?.event.number !== number) return;
    const { hasMore, version } = this.under.event;
    if (!hasMore) this.taken = version.sequence;
    this.under = null;
  }
}
