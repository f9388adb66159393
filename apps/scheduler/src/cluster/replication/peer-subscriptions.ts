import {
  type Event,
  type EventOf,
  type Fleet,
  type Instant,
  type Millis,
  replicaId,
  type WatcherId,
} from '#core';
import { PeerLine, type Stream } from './peer-line.js';
import type { RoutePublisher } from './route-publisher.js';
import type { AwaitedGateway, PeerReport, ReportedUse, RouteVersion } from './route-event.js';
import { MAX_PEER_LEASE, TABLE_GOOD_FOR } from './times.js';

/** Interval in which the core hears of a peer that says nothing new. */
const TELL_EVERY: Millis = 1_000;
/** A horizon that is repeated is told to the next whole second: it is later each time by what the way took longer. */
const SECOND: Millis = 1_000;
/** A gateway of a peer that ends, or was killed, and every lease of that peer, is good for so long after its last word. */
const ENDING_PATIENCE: Millis = Math.max(TABLE_GOOD_FOR, MAX_PEER_LEASE);
/** Bound of peers. */
export const MAX_PEERS = 100;

type Use = EventOf<'RoutesUsed'>['uses'][number];

/** What the desk works on. */
export interface PeerSubscriptionsParts {
  readonly fleet: Readonly<Fleet>;
  readonly term: number;
  readonly publisher: RoutePublisher;
  /** Tells the core. */
  readonly tell: (...events: Event[]) => void;
  /** The time for which the table of a silent peer may still be good, and the leases that it gave. */
  readonly patience: Millis;
  /** A peer has been silent for so long that nothing of it counts any more. */
  readonly onGone: (name: string) => void;
}

interface Peer {
  /** Null: its stream has ended. */
  line: PeerLine | null;
  patience: Millis;
  heardAt: Instant;
  toldAt: Instant;
  toldRevision: number;
  /** What it acknowledges counts from then on: leases of its life before have ended. */
  readonly countsFrom: Instant;
  /** The gateways that it waited for when it was heard of last. */
  awaited: readonly AwaitedGateway[];
  readonly configHash: string;
}

/** What is known of a peer. */
export interface PeerStanding {
  readonly name: string;
  /** Whether its stream is open. */
  readonly isWatching: boolean;
  /** For how long it has not acknowledged what it was sent. */
  readonly lag: Millis;
  readonly configHash: string;
}

/** The peers that follow this leader. It has no clock: each call says when it is made. */
export class PeerSubscriptions {
  private readonly peers = new Map<WatcherId, Peer>();

  constructor(private readonly parts: PeerSubscriptionsParts) {}

  /** Whether one more peer may watch. */
  takes(name: string): boolean {
    return this.peers.has(name as WatcherId) || this.peers.size < MAX_PEERS;
  }

  /** A peer wants the table. What of its name watched before is ended. Returns what is to be called when its stream has ended. */
  open(
    name: string,
    stream: Stream,
    have: RouteVersion | null,
    configHash: string,
    now: Instant,
  ): () => void {
    const { parts, peers } = this;
    const id = name as WatcherId;
    const before = peers.get(id);
    if (before) this.hangUp(before);
    const line = new PeerLine(stream);
    const { patience } = parts;
    const countsFrom = countsAfter(before, have, now);
    const times = { heardAt: now, toldAt: now, toldRevision: before?.toldRevision ?? -1, countsFrom };
    const peer: Peer = { line, patience, configHash, awaited: [], ...times };
    peers.set(id, peer);
    parts.tell({ kind: 'WatcherSeen', watcher: id, patience, heardAt: now });
    parts.publisher.join(line, have, now);
    return () => this.close(peer, line);
  }

  /** A peer of the term before, which may have a table of that term. It was last heard of then, at the latest. */
  remember(name: string, heardAt: Instant): void {
    const { patience } = this.parts;
    const id = name as WatcherId;
    const times = { heardAt, toldAt: heardAt, toldRevision: -1, countsFrom: -Infinity };
    this.peers.set(id, { line: null, patience, configHash: '', awaited: [], ...times });
    this.parts.tell({ kind: 'WatcherSeen', watcher: id, patience, heardAt });
  }

  /** Has routes that were given from a table count as used. */
  takeUses(reported: readonly ReportedUse[], now: Instant): void {
    const events = this.usesOf(reported, now);
    if (events.length > 0) this.parts.tell(...events);
  }

  /** Takes up what a peer reports, and sends it what has changed meanwhile. */
  report(name: string, report: PeerReport, now: Instant): void {
    const { parts } = this;
    const id = name as WatcherId;
    const peer = this.peers.get(id);
    const events = this.usesOf(report.uses, now);
    if (report.doubted.length > 0) events.push({ kind: 'ServersDoubted', servers: report.doubted });
    if (peer) events.push(...this.heard(id, peer, report, now));
    if (events.length > 0) parts.tell(...events);
    if (peer?.line) parts.publisher.flush(peer.line, now);
  }

  /** To be called once a second. */
  tick(now: Instant): void {
    for (const [id, peer] of this.peers) {
      if (peer.line !== null || now - peer.heardAt < peer.patience) continue;
      this.peers.delete(id);
      this.parts.tell({ kind: 'WatcherGone', watcher: id });
      this.parts.onGone(id);
    }
  }

  standings(now: Instant): PeerStanding[] {
    return [...this.peers].map(([name, { line, heardAt, configHash }]) => {
      const since = line === null ? heardAt : (line.under?.since ?? now);
      return { name, isWatching: line !== null, lag: Math.max(0, now - since), configHash };
    });
  }

  /** The gateways that a peer waits for. */
  awaitedBy(id: WatcherId): readonly AwaitedGateway[] {
    return this.peers.get(id)?.awaited ?? [];
  }

  /** Whether a copy drains, so that an unload may wait for watchers. */
  get isDraining(): boolean {
    const { unsettled, replicas } = this.parts.fleet;
    for (const id of unsettled) if (replicas.get(id)?.phase === 'draining') return true;
    return false;
  }

  /** Ends all streams. */
  end(): void {
    for (const peer of this.peers.values()) this.hangUp(peer);
  }

  private hangUp(peer: Peer): void {
    const { line } = peer;
    if (line === null) return;
    this.close(peer, line);
    line.stream.end();
  }

  private close(peer: Peer, line: PeerLine): void {
    this.parts.publisher.leave(line);
    if (peer.line === line) peer.line = null;
  }

  /**
   * That a peer was heard of. The core takes a turn for it only where an unload may wait for what the peer has acknowledged, or
   * once a second.
   */
  private heard(id: WatcherId, peer: Peer, report: PeerReport, now: Instant): Event[] {
    peer.line?.acknowledge(report.number);
    peer.heardAt = now;
    peer.awaited = report.awaited;
    if (report.isEnding) {
      peer.patience = ENDING_PATIENCE;
      return [{ kind: 'WatcherSeen', watcher: id, patience: ENDING_PATIENCE, heardAt: now }];
    }
    const revision = this.acknowledgedBy(peer, report, now);
    const isNews = revision > peer.toldRevision && this.isDraining;
    if (!isNews && now - peer.toldAt < TELL_EVERY) return [];
    peer.toldAt = now;
    peer.toldRevision = Math.max(peer.toldRevision, revision);
    return revision < 0
      ? [{ kind: 'WatcherSeen', watcher: id, patience: peer.patience, heardAt: now }]
      : [{ kind: 'WatcherAcknowledged', watcher: id, revision }];
  }

  /** The revision that it acknowledges; -1: none. */
  private acknowledgedBy({ countsFrom, line }: Peer, { version }: PeerReport, now: Instant): number {
    const counts = version.term === this.parts.term && now >= countsFrom;
    return counts ? Math.min(version.sequence, line?.taken ?? -1) : -1;
  }

  private usesOf(reported: readonly ReportedUse[], now: Instant): Event[] {
    const uses = reported.flatMap((use) => this.newsOf(use, now));
    return uses.length > 0 ? [{ kind: 'RoutesUsed', uses }] : [];
  }

  /** A use as the core takes it; nothing where the core knows it, or has no such replica yet: it is told again then. */
  private newsOf({ model, server, lastUsedMsAgo, inUseForMs, routes }: ReportedUse, now: Instant): Use[] {
    const id = replicaId(model, server);
    const replica = this.parts.fleet.replicas.get(id);
    if (replica?.phase !== 'ready' && replica?.phase !== 'draining') return [];
    const until = now + inUseForMs;
    if (routes === 0 && replica.inUseUntil >= until) return [];
    const inUseUntil = routes === 0 ? Math.ceil(until / SECOND) * SECOND : until;
    return [{ replica: id, at: now - lastUsedMsAgo, inUseUntil, routes }];
  }
}

/**
 * When what a peer acknowledges begins to count. One that was followed, and has no table now, has started again, and does not know
 * the leases that it gave before: up to now where it was killed, up to its last word where it had ended.
 */
function countsAfter(before: Peer | undefined, have: RouteVersion | null, now: Instant): Instant {
  if (!before) return -Infinity;
  if (have !== null) return before.countsFrom;
  const gaveUntil = before.patience === ENDING_PATIENCE ? before.heardAt : now;
  return Math.max(before.countsFrom, gaveUntil + ENDING_PATIENCE);
}
