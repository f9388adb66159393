import type { Instant, Millis } from '#core';
import { Refused } from '../../transport/errors/refused.js';
import type { RouteTable } from './route-table.js';
import type { Stream } from './peer-subscriptions.js';
import type { Line, RoutePublisher } from './route-publisher.js';
import { earlier, type RouteEvent, type RouteVersion } from './route-event.js';
import { TABLE_GOOD_FOR } from './times.js';

/** Bound of gateways that watch. */
export const MAX_GATEWAYS = 500;
/** `Retry-After` of a watcher that was refused for a bound. */
export const RETRY_AFTER_MS: Millis = 10_000;
const GAVE_WAY = new Refused({
  reason: 'busy',
  detail: `one of the ${MAX_GATEWAYS} watches went to a caller that has fewer`,
  retryAfter: RETRY_AFTER_MS,
});
/** Events that were sent within so long count as one, sent with the last of them: few moments have to be remembered. */
const SAME_MOMENT: Millis = 500;

/** How a gateway is reached. */
export interface GatewayStream extends Stream {
  /** Whether it reads what was sent before. */
  readonly isFree: boolean;
  /** Of its caller. */
  readonly credential: string;
  /** `cause` left out: the process ends, or knows no leader. */
  end(cause?: Refused): void;
}

type WatchableTable = Pick<RouteTable, 'version' | 'isReady'>;

interface Mark {
  readonly since: Instant;
  at: Instant;
  version: RouteVersion;
}

const NEVER: RouteVersion = { term: Infinity, sequence: Infinity };

/** The way to one gateway, which acknowledges nothing: what it goes by follows from when events were sent. */
class GatewayLine implements Line {
  isOpen = true;
  private readonly marks: Mark[] = [];
  /** What was withdrawn before it was told anything. */
  private before: RouteVersion;
  private sentAt: Instant;
  /** When it was last told the whole of what it lacked, or its stream was opened. */
  private wholeAt: Instant;

  constructor(
    readonly stream: GatewayStream,
    private readonly table: WatchableTable,
    now: Instant,
  ) {
    this.before = table.version;
    this.sentAt = now;
    this.wholeAt = now;
  }

  get isFree(): boolean {
    return this.isOpen && this.table.isReady && this.stream.isFree;
  }

  send(event: RouteEvent, now: Instant): void {
    this.sentAt = now;
    this.stream.write(event);
    if (event.hasMore) return;
    this.wholeAt = now;
    const last = this.marks.at(-1);
    const { version } = event;
    if (last && now - last.since < SAME_MOMENT) Object.assign(last, { at: now, version });
    else this.marks.push({ since: now, at: now, version });
  }

  /** Whether it reads so slowly that unloads would wait for it for too long. */
  isSlow(now: Instant): boolean {
    return now - this.wholeAt >= TABLE_GOOD_FOR;
  }

  isOver(now: Instant): boolean {
    return now - this.sentAt >= TABLE_GOOD_FOR;
  }

  /** The version up to which it goes by nothing that is withdrawn. */
  settled(now: Instant): RouteVersion {
    while (this.marks[0] && now - this.marks[0].at >= TABLE_GOOD_FOR)
      this.before = this.marks.shift()!.version;
    return this.before;
  }
}

/** The gateways that watch this process' table. It has no clock: each call says when it is made. */
export class GatewaySubscriptions {
  private readonly lines = new Set<GatewayLine>();

  constructor(
    private readonly table: WatchableTable,
    private readonly publisher: RoutePublisher,
  ) {}

  /** Those whose streams are open, or that may still go by what they were told. */
  get size(): number {
    return this.lines.size;
  }

  /**
   * Whether a watch of a credential has a place. Where all are taken, the credential that has most gives its youngest one, if it
   * then has no fewer than the other. One that was just closed counts for its own credential alone.
   */
  makeRoom(credential: string): boolean {
    const own = [...this.lines].filter(({ stream }) => stream.credential === credential).length;
    if (own >= MAX_GATEWAYS) return false;
    const open = [...this.lines].filter(({ isOpen }) => isOpen);
    if (open.length < MAX_GATEWAYS) return true;
    const counts = new Map<string, number>();
    for (const { stream } of open) counts.set(stream.credential, (counts.get(stream.credential) ?? 0) + 1);
    const countOf = ({ stream }: GatewayLine): number => counts.get(stream.credential)!;
    const youngest = open.reduce((one, other) => (countOf(other) >= countOf(one) ? other : one));
    if (countOf(youngest) < own + 2) return false;
    this.end(youngest, GAVE_WAY);
    return true;
  }

  /** Tells a gateway of the table from now on. Returns what is to be called when its stream has ended. */
  open(stream: GatewayStream, have: RouteVersion | null, now: Instant): () => void {
    const line = new GatewayLine(stream, this.table, now);
    this.lines.add(line);
    this.publisher.join(line, have, now);
    return () => this.close(line);
  }

  /** To be called once a second. Where the table is out of date the gateways are sent away. */
  tick(now: Instant): void {
    for (const line of this.lines) {
      if (line.isOpen && (!this.table.isReady || line.isSlow(now))) this.end(line);
      if (!line.isOpen && line.isOver(now)) this.lines.delete(line);
    }
  }

  /** The version up to which no gateway goes by what is withdrawn. */
  settled(now: Instant): RouteVersion {
    let settled = NEVER;
    for (const line of this.lines) if (!line.isOver(now)) settled = earlier(settled, line.settled(now));
    return settled;
  }

  /** Ends all streams. What the gateways were told stays good for a while. */
  endAll(): void {
    for (const line of this.lines) if (line.isOpen) this.end(line);
  }

  private end(line: GatewayLine, cause?: Refused): void {
    this.close(line);
    line.stream.end(cause);
  }

  private close(line: GatewayLine): void {
    line.isOpen = false;
    this.publisher.leave(line);
  }
}
