import type { Logger } from 'pino';
import { completeServer, type Config, type ServerConfig } from '#config';
import type { RouteServerMessage } from '#contracts';
import type { ServerId } from '#core';
import type { Clock, Leader, ModelServer } from '#engine';
import type { Metrics } from '#telemetry';
import { configHash } from '../replication/config-hash.js';
import { RouteClient } from '../replication/route-client.js';
import { StaleLooks } from '../replication/stale-looks.js';
import { Forwarder } from '../forwarding/forwarder.js';
import { GrpcForward } from '../forwarding/grpc-forward.js';
import { GrpcLink } from '../forwarding/grpc-link.js';
import { HttpForward } from '../forwarding/http-forward.js';
import { HttpLink } from '../forwarding/http-link.js';
import { type PeerTrust, trustOf } from '../forwarding/leader-reach.js';
import type { PeerKey } from '../../transport/access/peer-key.js';
import type { Lifecycle } from '../../transport/lifecycle.js';
import type { WatchedTable } from '../replication/watched-table.js';
import type { Peers } from './peers.js';

/** Interval between checks of which looks are due. */
const LOOKS_MS = 250;

/** What following is made of. */
export interface FollowingParts {
  /** The configuration as it holds now. */
  readonly config: () => Config;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'counts'>;
  /** Opens a connection to a server. `onTrouble` hears what keeps it from being reached. */
  readonly openServer: (server: ServerConfig, onTrouble: () => void) => ModelServer;
  readonly peerKey: PeerKey;
  readonly routes: WatchedTable;
}

/**
 * What answers where this process does not lead: the table that whichever other peer leads tells it, and what hands calls on. It
 * lasts as long as the process, as a new leader goes by the table, too.
 */
export class Following {
  readonly http: HttpForward;
  readonly grpc: GrpcForward;
  private readonly forwarder: Forwarder;
  private readonly links: readonly { close(): void }[];
  private readonly trust: PeerTrust;
  /** Null: routes that are out of date are not given. */
  private readonly looks: StaleLooks | null;
  private readonly timer: NodeJS.Timeout | undefined;
  private client: RouteClient | null = null;
  private isClosed = false;

  constructor(private readonly parts: FollowingParts) {
    const { config, lifecycle, metrics, peerKey, peers } = parts;
    const leaders = peers.candidate;
    this.trust = trustOf(config());
    this.forwarder = new Forwarder({ leaders, lifecycle, counts: metrics.counts });
    const links = [new HttpLink(this.trust), new GrpcLink(this.trust)] as const;
    this.http = new HttpForward(this.forwarder, links[0], peerKey);
    this.grpc = new GrpcForward(this.forwarder, links[1], peerKey);
    this.links = links;
    this.looks = config().staleRoutes === 'stop' ? null : looksOf(parts);
    if (this.looks) this.timer = setInterval(() => this.looks?.tick(), LOOKS_MS);
    leaders.follow((leader) => this.turnTo(leader));
    this.turnTo(leaders.present);
  }

  /** Whether another peer leads, and tells its routes at present. */
  get hearsLeader(): boolean {
    return this.client?.isHeard ?? false;
  }

  /** Whether warm calls can be answered here: a table that is out of date has to do only where own looks go with it. */
  get answersWarm(): boolean {
    const { isReady, isReceived } = this.parts.routes.table;
    return this.looks === null ? isReady : isReceived;
  }

  /** How long a resolve call that does not tell its wait, and is handed on, seeks a leader. */
  get longestWait(): number {
    return this.parts.config().defaults.coldStart.maxWaitMs;
  }

  /** Of what peers have to have alike in their configurations. */
  configHash(): string {
    return configHash(this.parts.config());
  }

  /** A peer has heard of a leader of this term: one of a lower term leads no more. Redis may have lost the later one. */
  noteTerm(term: number): void {
    this.parts.peers.candidate.noteTerm(term);
  }

  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void {
    this.client?.doubt(servers);
  }

  /** The leader is to hear of it at once. */
  gatewayAcknowledged(): void {
    this.client?.reportDue();
  }

  /** This process ends: what waits for the leader is refused. */
  end(): void {
    this.forwarder.end();
  }

  /** Tells the leader that this peer gives no more routes, and ends the connections to it. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    this.looks?.close();
    await this.client?.close(true);
    for (const link of this.links) link.close();
  }

  /** A table that was told stays: it is good until it is out of date. */
  private turnTo(leader: Leader | null): void {
    if (this.isClosed) return;
    void this.client?.close(false);
    const isOther = leader !== null && leader.peer !== this.parts.peers.name;
    this.client = isOther ? this.clientOf(leader) : null;
  }

  private clientOf(leader: Leader): RouteClient | null {
    const { trust } = this;
    const { clock, log, peerKey, routes: own } = this.parts;
    const { candidate, name } = this.parts.peers;
    try {
      return new RouteClient(leader, {
        ...{ clock, log, name, own, trust },
        headers: () => peerKey.headersOf(null),
        configHash: () => this.configHash(),
        onEvent: ({ version, beat }) => {
          candidate.noteTerm(version.term);
          if (beat.isEnding) candidate.expectRelease();
        },
      });
    } catch (error) {
      log.warn({ err: error }, 'the leader that Redis names is not asked: see which peer wrote its lease');
      return null;
    }
  }
}

function looksOf({ clock, config, openServer, routes: own }: FollowingParts): StaleLooks {
  const open = (server: RouteServerMessage) => openServer(reachedAs(server, config()), () => undefined);
  const looks = new StaleLooks({ clock, table: own.table, bound: own.bound, open });
  own.goBy((model, server) => looks.isShown(model, server));
  return looks;
}

/** A server that the file names is reached as the file says. Of others only the address is known here. */
function reachedAs({ id, grpc }: RouteServerMessage, { servers }: Config): ServerConfig {
  const declared = servers.find((server) => server.id === id && server.grpc === grpc);
  return { ...(declared ?? completeServer(id, 'api', { grpc })), metrics: null };
}
