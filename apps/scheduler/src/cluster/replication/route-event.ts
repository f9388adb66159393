import type { Millis, ModelId, RouteRow, ServerId } from '#core';
import type { RouteServerMessage } from '#contracts';

/** One report names so many doubted servers at most. */
export const MAX_DOUBTED = 100;
/** So many gateways of one Berth are named at most that are waited for. */
export const MAX_AWAITED = 20;

/** How new a table of routes is. `sequence` rises within a term. */
export interface RouteVersion {
  readonly term: number;
  readonly sequence: number;
}

export const earlier = (one: RouteVersion, other: RouteVersion): RouteVersion =>
  one.term < other.term || (one.term === other.term && one.sequence <= other.sequence) ? one : other;

export const isLater = (one: RouteVersion, other: RouteVersion): boolean => earlier(one, other) !== one;

/** `berth.v1.WatchedServer`: a server as watchers are told it. */
export interface WatchedServer {
  readonly server: RouteServerMessage;
  /** Whether the leader has looked at it in its term: before that its routes of the term before stand. */
  readonly isObserved: boolean;
}

/** `berth.v1.Beat`: what each event says of the leader. */
export interface Beat {
  /** How long before the event was sent the leader's lease was last renewed. */
  readonly renewedAgoMs: Millis;
  /** Whether the leader is about to let go. */
  readonly isEnding: boolean;
}

/** An age in whole ms, not too low. That of a lease that was never renewed is very high. */
export const sentAge = (age: Millis): Millis => Math.ceil(Math.min(age, 1e12));

/** `berth.v1.RouteKey`: a replica. */
export interface RouteKey {
  readonly model: ModelId;
  readonly server: ServerId;
}

/** `berth.v1.RouteRow`: a row as it is sent. */
export interface SentRow extends RouteKey, Pick<RouteRow, 'versions' | 'devices' | 'isFailing' | 'isEnding'> {
  /** Milliseconds from the sending of the event until all leases on the row have ended; left out: no drain cuts them. */
  readonly leasesEndInMs?: Millis;
}

/** `berth.v1.RouteEvent`: what watchers are told at one time. `docs/api.md` says the same for gateways. */
export interface RouteEvent {
  /** Of all events of a leader's term none has the same. */
  readonly number: number;
  /** Of the table once this event is taken up, and those that follow it where `hasMore`. */
  readonly version: RouteVersion;
  readonly beat: Beat;
  /** Whether the table begins anew: rows that are not told from here to the first event without `hasMore` are gone. */
  readonly resets: boolean;
  readonly hasMore: boolean;
  readonly servers: readonly WatchedServer[];
  readonly serversGone: readonly ServerId[];
  readonly rows: readonly SentRow[];
  readonly gone: readonly RouteKey[];
}

/** An event as gRPC has handed it over, with null for what was left out. */
export const readEvent = ({ servers, ...event }: RouteEvent): RouteEvent => ({
  ...event,
  servers: servers.map(({ isObserved, server: { id, grpc, http, labels } }) => ({
    server: { id, grpc, http: http ?? null, labels },
    isObserved,
  })),
});

/** `berth.v1.RouteUse`: a use of routes that a watcher gave to one replica. */
export interface ReportedUse extends RouteKey {
  /** How long before the report the last route was given, and how long after it the last lease ends. */
  readonly lastUsedMsAgo: Millis;
  readonly inUseForMs: Millis;
  /** Routes given since the last report that arrived. */
  readonly routes: number;
}

/** `berth.v1.AwaitedGateway`: a gateway that has not acknowledged what it was told. */
export interface AwaitedGateway {
  readonly watcher: string;
  /** Whether it has acknowledged anything of its stream. */
  readonly acknowledges: boolean;
}

/** What a peer says to the leader: at each event, and once a second. */
export interface PeerReport {
  /** The number of the last event that it has taken up. */
  readonly number: number;
  /** What has been withdrawn up to this version, no route of the peer or of its gateways leads to any more. */
  readonly version: RouteVersion;
  /** Every lease that has not ended is among them, also on rows that are gone. */
  readonly uses: readonly ReportedUse[];
  /** Servers on which callers have just failed. */
  readonly doubted: readonly ServerId[];
  /** Whether this is the last one: the peer gives no more routes. */
  readonly isEnding: boolean;
  /** Gateways for which the version is no later. */
  readonly awaited: readonly AwaitedGateway[];
}
