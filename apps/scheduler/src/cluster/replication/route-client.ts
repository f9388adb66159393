import { type ClientReadableStream, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { routerClientService } from '#contracts';
import type { Logger } from 'pino';
import type { Clock, Leader } from '#engine';
import type { ServerId } from '#core';
import { RETRY } from '../forwarding/forwarder.js';
import { GrpcLink } from '../forwarding/grpc-link.js';
import type { PeerTrust } from '../forwarding/leader-reach.js';
import { type PeerReport, readEvent, type RouteEvent, type RouteVersion } from './route-event.js';
import { LeaderSession, type MadeReport } from './leader-session.js';
import type { WatchedTable } from './watched-table.js';

/** Interval between checks of what is due; a stream that has ended is opened anew then. */
const TICK_MS = 250;
/** A leader beats once a second: where nothing comes for so long the stream is opened anew. */
const SILENT_MS = 5_000;
const REPORT_WITHIN_MS = 2_000;
/** Uses in one report, at most. */
const MAX_USES = 1_500;
/** What a report acknowledges before the last of its uses is told. */
const NOTHING: RouteVersion = { term: 0, sequence: 0 };

/** What a peer watches its leader with. */
export interface RouteClientParts {
  /** The name of this peer. */
  readonly name: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly own: WatchedTable;
  readonly trust: PeerTrust;
  /** Shows that a call is of a peer. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly configHash: () => string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Hears of each event. */
  readonly onEvent: (event: RouteEvent) => void;
}

/**
 * Watches the routes of one leader, from its construction until `close`: where the stream ends it is opened anew. It has a
 * connection of its own, as on that of the calls that are handed on its reports would wait behind those.
 */
export class RouteClient {
  private readonly link: GrpcLink;
  private readonly timer: NodeJS.Timeout;
  private readonly router = routerClientService(Number);
  private stream: ClientReadableStream<RouteEvent> | null = null;
  private talk: LeaderSession | null = null;
  private hears = false;
  private isReporting = false;
  private isUnreported = false;
  private isTold = false;
  private isFollowed = false;
  private isClosed = false;
  private readonly over = new AbortController();

  /** Throws where the leader must not be asked. */
  constructor(
    private readonly leader: Leader,
    private readonly parts: RouteClientParts,
  ) {
    this.link = new GrpcLink(parts.trust);
    this.open();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Whether the leader tells its routes at present. */
  get isHeard(): boolean {
    return this.hears;
  }

  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void {
    this.talk?.doubt(servers);
  }

  /** Has what is due at this moment reported. */
  reportDue(): void {
    void this.pump();
  }

  /** Has the last report sent where this process ends: no more routes are given. */
  async close(isEnding: boolean): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    const { talk } = this;
    if (isEnding && talk) await this.send(talk.next(this.parts.clock.now(), true)).catch(() => undefined);
    this.over.abort();
    this.drop();
    this.link.close();
  }

  private tick(): void {
    const now = this.parts.clock.now();
    if (this.talk && now - this.talk.lastHeardAt > SILENT_MS) this.drop();
    if (this.stream === null) this.open();
    void this.pump();
  }

  private open(): void {
    const { clock, configHash, name: watcher, own } = this.parts;
    const { path, requestSerialize, responseDeserialize } = this.router['WatchRoutes']!;
    const { isReceived, version } = own.table;
    const have = isReceived ? version : undefined;
    const request = { watcher, have, peer: { configHash: configHash() } };
    const stream = this.link
      .to(this.leader)
      .makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => RouteEvent,
        request,
        this.metadata(),
      );
    const session = new LeaderSession(own.table, own.gateways, clock.now());
    stream.on('data', (message: RouteEvent) => this.hear(stream, session, readEvent(message)));
    stream.on('error', (error: ServiceError) => this.tellTrouble(stream, error));
    for (const end of ['error', 'end', 'close'] as const) stream.on(end, () => this.ended(stream));
    this.stream = stream;
    this.talk = session;
  }

  private hear(stream: unknown, session: LeaderSession, event: RouteEvent): void {
    if (this.stream !== stream || this.isClosed) return;
    const { peer } = this.leader;
    if (!this.isFollowed)
      this.parts.log.info({ leader: peer }, 'this process follows: the leader tells its routes');
    this.isFollowed = true;
    this.isTold = false;
    this.hears = true;
    session.hear(event, this.parts.clock.now());
    this.parts.onEvent(event);
    void this.pump();
  }

  /** Once for each outage. */
  private tellTrouble(stream: unknown, error: ServiceError): void {
    if (this.stream !== stream || this.isTold) return;
    this.isTold = true;
    this.isFollowed = false;
    const words =
      error.code === status.UNAUTHENTICATED
        ? 'the leader does not know the key of this peer: see peer.keyFile of both'
        : 'the leader does not tell its routes: the table of before is kept';
    this.parts.log.warn({ err: error }, words);
  }

  /**
   * Once for each time of failures: unloads wait while the leader hears no report. Not where the leader does not know the key of
   * this peer: the stream tells that, and a leader that has never known the peer waits for nothing.
   */
  private tellUnreported(error: unknown): false {
    if ((error as ServiceError).code === status.UNAUTHENTICATED) return false;
    if (!this.isUnreported && !this.isClosed)
      this.parts.log.warn({ err: error }, 'the leader takes no report of this peer: unloads wait for one');
    this.isUnreported = true;
    return false;
  }

  private ended(stream: unknown): void {
    if (this.stream === stream) this.drop();
  }

  private drop(): void {
    const { stream } = this;
    this.stream = null;
    this.talk = null;
    this.hears = false;
    stream?.on('error', () => undefined);
    stream?.cancel();
  }

  /** One report at a time is under way. */
  private async pump(): Promise<void> {
    const { talk } = this;
    if (talk === null || this.isReporting || this.isClosed || !talk.isDue(this.parts.clock.now())) return;
    this.isReporting = true;
    const isSent = await this.send(talk.next(this.parts.clock.now())).then(
      () => true,
      (error: unknown) => this.tellUnreported(error),
    );
    this.isReporting = false;
    if (isSent && this.isUnreported) this.parts.log.info('the leader takes reports of this peer again');
    if (isSent) this.isUnreported = false;
    // What failed is tried again with the next tick.
    if (isSent) void this.pump();
    else talk.failed();
  }

  /** The uses come before the acknowledgement. */
  private async send({ report, arrived }: MadeReport): Promise<void> {
    const { uses } = report;
    let at = 0;
    for (; uses.length - at > MAX_USES; at += MAX_USES)
      await this.call({
        ...report,
        ...{ number: 0, version: NOTHING, isEnding: false },
        doubted: [],
        uses: uses.slice(at, at + MAX_USES),
      });
    await this.call({ ...report, uses: at === 0 ? uses : uses.slice(at) });
    arrived();
  }

  private async call({ uses, doubted, ...peer }: PeerReport): Promise<void> {
    const { path, requestSerialize } = this.router['ReportUsage']!;
    const request = requestSerialize({ watcher: this.parts.name, uses, doubted, peer });
    const deadline = Date.now() + REPORT_WITHIN_MS;
    const call = { path, request, metadata: this.metadata(), deadline };
    const answer = await this.link.ask(this.leader, call, this.over.signal);
    if (answer === RETRY) throw new Error('the leader did not answer to a report');
    if (answer.refusal !== null) throw answer.refusal;
  }

  private metadata(): Metadata {
    return Metadata.fromHttp2Headers(this.parts.headers());
  }
}
