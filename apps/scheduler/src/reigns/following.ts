import type { RouteMessage } from '#contracts';
import type { Config } from '#config';
import type { ResolveQuery, Route } from '#engine';
import type { Running } from '../running.js';
import type { Lasting } from './lasting.js';
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
  /** Ends the watching and the forwards under way. */
  close(): Promise<void>;
}

/** What it is made of. */
export interface FollowingParts {
  readonly config: Config;
  readonly lasting: Lasting;
  readonly peers: Peers;
  readonly running: Running;
}

/** Begins to watch the routes of whichever peer leads. */
export function openFollowing(_: FollowingParts): Following {
  const table: RouteTable = { isReceived: false, route: () => undefined, message: unreachable };
  return { table, close: () => Promise.resolve() };
}

function unreachable(): never {
  throw new Error('there is no route in an empty table');
}
