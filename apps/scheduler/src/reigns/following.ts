import type { ServerId } from '#core';
import { configHash } from '../following/config-hash.js';
import { openFollower, type OpenFollowerParts } from '../following/open-follower.js';
import type { WatchedTable } from '../following/watched-table.js';
import { Forwarder } from '../forwarding/forwarder.js';
import { GrpcForward } from '../forwarding/grpc-forward.js';
import { GrpcLink } from '../forwarding/grpc-link.js';
import { HttpForward } from '../forwarding/http-forward.js';
import { HttpLink } from '../forwarding/http-link.js';
import { trustOf } from '../forwarding/leader-reach.js';

/** What answers where this process does not lead. It lasts as long as the process: a new leader goes by the table, too. */
export interface Following {
  /** The routes that this process was told by the leader. */
  readonly table: WatchedTable;
  /** Whether any peer is known to lead. */
  readonly hasLeader: boolean;
  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void;
  /** Of what peers have to have alike in their configurations. */
  configHash(): string;
  readonly http: HttpForward;
  readonly grpc: GrpcForward;
  /** How long a resolve call that does not tell its wait, and is handed on, seeks a leader. */
  readonly longestWait: number;
  /** This process ends: what waits for the leader is refused. */
  end(): void;
  /** Ends the watching and the connections to the leader. */
  close(): Promise<void>;
}

/** Begins to follow whichever peer leads. */
export function openFollowing(parts: OpenFollowerParts): Following {
  const { config: present, peers, running } = parts;
  const { lifecycle, metrics, peerKey, routes } = running.lasting;
  const forwarder = new Forwarder({ leaders: peers.candidate, lifecycle, metrics: metrics.forwards });
  const trust = trustOf(present());
  const links = { http: new HttpLink(trust), grpc: new GrpcLink(trust) };
  const follower = openFollower(parts);
  return {
    table: routes,
    get hasLeader() {
      return peers.candidate.present !== null;
    },
    doubt: (servers) => follower.doubt(servers),
    configHash: () => configHash(present()),
    http: new HttpForward(forwarder, links.http, peerKey),
    grpc: new GrpcForward(forwarder, links.grpc, peerKey),
    get longestWait() {
      return present().defaults.coldStart.maxWaitMs;
    },
    end: () => forwarder.end(),
    close: async () => {
      await follower.close();
      links.http.close();
      links.grpc.close();
    },
  };
}
