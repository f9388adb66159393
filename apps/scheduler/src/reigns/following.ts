import type { RouteMessage } from '#contracts';
import type { Config } from '#config';
import type { ResolveQuery, Route } from '#engine';
import { Forwarder } from '../forwarding/forwarder.js';
import { GrpcForward } from '../forwarding/grpc-forward.js';
import { GrpcLink } from '../forwarding/grpc-link.js';
import { HttpForward } from '../forwarding/http-forward.js';
import { HttpLink } from '../forwarding/http-link.js';
import type { Running } from '../running.js';
import type { Peers } from './peers.js';

/** The routes that this process was told by the leader. */
export interface RouteTable {
  /** Whether a table was ever received: from then on warm calls can be answered. */
  readonly isReceived: boolean;
  /** The route to a warm model, as `Engine.route` gives it; undefined where the call has to be forwarded. */
  route(query: ResolveQuery): Route | undefined;
  /** A route of this table as callers are told it. */
  message(route: Route): RouteMessage;
}

/** What answers where this process does not lead. It lasts as long as the process: a new leader goes by the table, too. */
export interface Following {
  readonly table: RouteTable;
  readonly http: HttpForward;
  readonly grpc: GrpcForward;
  /** How long a resolve call waits that does not tell, and is handed on. */
  readonly longestWait: number;
  /** This process ends: what waits for the leader is refused. */
  end(): void;
  /** Ends the watching and the connections to the leader. */
  close(): Promise<void>;
}

/** What it is made of. */
export interface FollowingParts {
  readonly config: Config;
  readonly peers: Peers;
  readonly running: Running;
}

/** Begins to follow whichever peer leads. */
export function openFollowing({ config, peers, running }: FollowingParts): Following {
  const { lifecycle, metrics, peerKey } = running.lasting;
  const forwarder = new Forwarder({ leaders: peers.candidate, lifecycle, metrics: metrics.forwards });
  const links = { http: new HttpLink(config.peer.ca), grpc: new GrpcLink(config.peer.ca) };
  const table: RouteTable = { isReceived: false, route: () => undefined, message: unreachable };
  return {
    table,
    http: new HttpForward(forwarder, links.http, peerKey),
    grpc: new GrpcForward(forwarder, links.grpc, peerKey),
    longestWait: config.defaults.coldStart.maxWaitMs,
    end: () => forwarder.end(),
    close: () => {
      links.http.close();
      links.grpc.close();
      return Promise.resolve();
    },
  };
}

function unreachable(): never {
  throw new Error('there is no route in an empty table');
}
