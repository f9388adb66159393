import { completeServer, type Config, type ServerConfig } from '#config';
import type { RouteServerMessage } from '#contracts';
import type { SchedulerParts } from '../parts.js';
import { trustOf } from '../forwarding/leader-reach.js';
import type { Peers } from '../reigns/peers.js';
import type { Running } from '../running.js';
import { configHash } from './config-hash.js';
import { Follower } from './follower.js';
import { StaleLooks } from './stale-looks.js';

/** What a follower goes by. */
export interface OpenFollowerParts {
  /** The configuration as it holds now. */
  readonly config: () => Config;
  readonly peers: Peers;
  readonly running: Running;
  readonly parts: Pick<SchedulerParts, 'clock' | 'openServer'>;
}

/** Begins to watch the routes of whichever other peer leads. */
export function openFollower({ config, peers, running, parts }: OpenFollowerParts): Follower {
  const { clock, openServer } = parts;
  const { log, peerKey, routes: own } = running.lasting;
  const { table, bound } = own;
  const open = (server: RouteServerMessage) => openServer(reachedAs(server, config()), () => undefined);
  const looks = config().staleRoutes === 'stop' ? null : new StaleLooks({ clock, table, bound, open });
  if (looks) own.goBy((model, server) => looks.isShown(model, server));
  return new Follower({
    ...{ clock, log, own, looks, name: peers.name, trust: trustOf(config()), candidate: peers.candidate },
    headers: () => peerKey.headersOf(null),
    configHash: () => configHash(config()),
  });
}

/** A server that the file names is reached as the file says. Of others only the address is known here. */
function reachedAs({ id, grpc }: RouteServerMessage, { servers }: Config): ServerConfig {
  const declared = servers.find((server) => server.id === id && server.grpc === grpc);
  return { ...(declared ?? completeServer(id, 'api', { grpc }).server), metrics: null };
}
