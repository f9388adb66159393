import type { Instant, Millis, ServerId } from '#core';
import type { GatewaySubscriptions } from './gateway-subscriptions.js';
import {
  earlier,
  isLater,
  MAX_DOUBTED,
  type PeerReport,
  type RouteEvent,
  type RouteVersion,
} from './route-event.js';
import type { RouteTable } from './route-table.js';

/** Interval in which every open lease is reported again: at the first report a leader may not have had the copy yet. */
const REPEAT_EVERY: Millis = 1_000;
/** Bound of doubted servers that are kept for the next reports. */
const MAX_KEPT = 1_000;

/** A report, to be confirmed once it has arrived. */
export interface MadeReport {
  readonly report: PeerReport;
  readonly arrived: () => void;
}

/** What is said to one leader over one stream, and how what it says is dated. One report at a time is under way. */
export class LeaderSession {
  private number = 0;
  private heardAt: Instant;
  private repeatedAt: Instant = -Infinity;
  private isOwed = false;
  /** What the last report acknowledged. */
  private reported: RouteVersion = { term: 0, sequence: 0 };
  private readonly doubted = new Set<ServerId>();

  constructor(
    private readonly table: RouteTable,
    private readonly gateways: Pick<GatewaySubscriptions, 'settled' | 'awaited'>,
    openedAt: Instant,
  ) {
    this.heardAt = openedAt;
  }

  /**
   * Takes up an event. The leader has sent it after it heard that the one before was taken up, so what it says of times is
   * counted from when that one came: it may have been under way for long.
   */
  hear(event: RouteEvent, now: Instant): void {
    this.table.take(event, this.heardAt);
    this.heardAt = now;
    this.number = event.number;
    this.isOwed = true;
  }

  /** The leader is to hear that callers have just failed on these, as far as the table knows them: callers may name anything. */
  doubt(servers: readonly ServerId[]): void {
    for (const id of servers)
      if (this.doubted.size < MAX_KEPT && this.table.servers.has(id)) this.doubted.add(id);
  }

  /** When the last event came. */
  get lastHeardAt(): Instant {
    return this.heardAt;
  }

  /** Whether there is something to be reported at this moment. */
  isDue(now: Instant): boolean {
    if (this.isOwed || this.doubted.size > 0 || now - this.repeatedAt >= REPEAT_EVERY) return true;
    return isLater(this.settled(now), this.reported);
  }

  /** What is to be reported: news, what is gone, and once a second all that is open. */
  next(now: Instant, isEnding = false): MadeReport {
    const { table } = this;
    const isRepeat = isEnding || now - this.repeatedAt >= REPEAT_EVERY;
    if (isRepeat) this.repeatedAt = now;
    this.isOwed = false;
    const gone = table.takeWithdrawn();
    const { uses, arrived } = table.uses.report(now, isRepeat ? 'all' : gone);
    const doubted = [...this.doubted].slice(0, MAX_DOUBTED);
    for (const id of doubted) this.doubted.delete(id);
    const { number } = this;
    const version = (this.reported = this.settled(now));
    const awaited = this.gateways.awaited(table.version, now);
    return { report: { number, version, uses, doubted, isEnding, awaited }, arrived };
  }

  /** The version up to which neither this peer nor a gateway of it goes by what is withdrawn. */
  private settled(now: Instant): RouteVersion {
    return earlier(this.table.version, this.gateways.settled(now));
  }

  /** A report did not arrive: the next one says all. */
  failed(): void {
    this.repeatedAt = -Infinity;
  }
}
