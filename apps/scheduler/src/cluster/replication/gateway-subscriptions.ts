import type { Instant, Millis } from '#core';
import { invalid, Refused } from '../../transport/errors/refused.js';
import type { RouteTable } from './route-table.js';
import type { Stream } from './peer-line.js';
import { Polls } from './polls.js';
import type { Line, RoutePublisher } from './route-publisher.js';
import {
  type AwaitedGateway,
  earlier,
  isLater,
  MAX_AWAITED,
  type RouteEvent,
  type RouteVersion,
} from './route-event.js';
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

/** What a gateway is told from its namesakes by. */
export interface GatewayName {
  readonly watcher: string;
  /** Of its caller. */
  readonly credential: string;
}

/** How a gateway is reached. */
export interface GatewayStream extends Stream, GatewayName {
  /** Whether it reads what was sent before. */
  readonly isFree: boolean;
  /** As of a line. */
  readonly mostRows?: number;
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

/**
 * The way to one gateway. What it goes by follows from what it acknowledges, else from when events were sent. A version is settled
 *
 * - once the gateway itself has said that it took up, on this very stream, all that it was told up to that version; or
 * - 10 s after it was told and, if it has ever acknowledged anything of this stream, was heard of last. By then it has taken that up,
 *   or no event has come for 8 s, and it goes by nothing (`TABLE_GOOD_FOR`).
 *
 * So what is acknowledged never says more than the gateway, and one that is heard is waited for longer, not shorter. A stream that
 * has ended holds back for those 10 s whatever is withdrawn, as its gateway may go by the rows of before. If that one has come back,
 * here or to another Berth, what it acknowledges there settles nothing here. Nor does it where two lines have its name, one of them
 * ended at most 10 s ago: they may be two gateways, and which of them has spoken cannot be told.
 */
class GatewayLine implements Line {
  isOpen = true;
  private readonly marks: Mark[] = [];
  /** What was withdrawn before it was told anything. */
  private before: RouteVersion;
  private sentAt: Instant;
  /** When it was last told the whole of what it lacked, or its stream was opened. */
  private wholeAt: Instant;
  /** The version that it was told last as a whole. */
  private told: RouteVersion | null = null;
  private heardAt: Instant = -Infinity;

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

  get mostRows(): number | undefined {
    return this.stream.mostRows;
  }

  send(event: RouteEvent, now: Instant): void {
    this.sentAt = now;
    this.stream.write(event);
    if (event.hasMore) return;
    this.wholeAt = now;
    const last = this.marks.at(-1);
    const { version } = event;
    this.told = version;
    if (last && now - last.since < SAME_MOMENT) Object.assign(last, { at: now, version });
    else this.marks.push({ since: now, at: now, version });
  }

  get acknowledges(): boolean {
    return this.heardAt > -Infinity;
  }

  /** Whether it was told that version, or a later one; null: it was told nothing as a whole. */
  wasTold(version: RouteVersion): boolean | null {
    return this.told && !isLater(version, this.told);
  }

  /** It has taken up what it was told up to this version. What it used of that was told before. */
  acknowledge(version: RouteVersion, now: Instant): void {
    this.heardAt = now;
    if (isLater(version, this.before)) this.before = version;
    while (this.marks[0] && !isLater(this.marks[0].version, version)) this.marks.shift();
  }

  /** Whether it reads, or acknowledges, so slowly that unloads would wait for it for too long. */
  isSlow(now: Instant): boolean {
    this.settled(now);
    return now - Math.min(this.wholeAt, this.marks[0]?.at ?? now) >= TABLE_GOOD_FOR;
  }

  isOver(now: Instant): boolean {
    return now - this.sentAt >= TABLE_GOOD_FOR;
  }

  /** The version up to which it goes by nothing that is withdrawn. */
  settled(now: Instant): RouteVersion {
    while (this.marks[0] && now - Math.max(this.marks[0].at, this.heardAt) >= TABLE_GOOD_FOR)
      this.before = this.marks.shift()!.version;
    return this.before;
  }
}

type Acknowledging = Pick<GatewayLine, 'acknowledge'>;

/** The gateways that watch this process' table. It has no clock: each call says when it is made. */
export class GatewaySubscriptions {
  private readonly lines = new Set<GatewayLine>();
  private readonly polls = new Polls();

  constructor(
    private readonly table: WatchableTable,
    private readonly publisher: RoutePublisher,
  ) {}

  /** Those whose streams are open, or that may still go by what they were told. All that poll count as one. */
  get size(): number {
    return this.lines.size + (this.polls.isAny ? 1 : 0);
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

  /**
   * The line for which a gateway acknowledges a version; undefined where there is none, or more than one of its name. Refuses a
   * version that it was never told.
   */
  lineOf({ watcher, credential }: GatewayName, version: RouteVersion): Acknowledging | undefined {
    const isIts = ({ stream }: GatewayLine): boolean =>
      stream.watcher === watcher && stream.credential === credential;
    const [line, other] = [...this.lines].filter(isIts);
    if (!line?.isOpen || other) return undefined;
    const wasTold = line.wasTold(version);
    if (wasTold === false)
      throw invalid([{ path: 'acknowledged', rule: 'must be of an event that was sent' }]);
    return wasTold ? line : undefined;
  }

  /** Gateways that have not settled a version: the first of them. */
  awaited(version: RouteVersion, now: Instant): AwaitedGateway[] {
    const late = [...this.lines].filter((line) => !line.isOver(now) && isLater(version, line.settled(now)));
    return late
      .slice(0, MAX_AWAITED)
      .map(({ stream: { watcher }, acknowledges }) => ({ watcher, acknowledges }));
  }

  /** A gateway is told the whole table at once. */
  polled(now: Instant): void {
    this.polls.note(this.table.version, now);
  }

  /** To be called once a second. Where the table is out of date the gateways are sent away. */
  tick(now: Instant): void {
    this.polls.forget(now);
    for (const line of this.lines) {
      if (line.isOpen && (!this.table.isReady || line.isSlow(now))) this.end(line);
      if (!line.isOpen && line.isOver(now)) this.lines.delete(line);
    }
  }

  /** The version up to which no gateway goes by what is withdrawn. */
  settled(now: Instant): RouteVersion {
    let settled = this.polls.settled(now) ?? NEVER;
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
