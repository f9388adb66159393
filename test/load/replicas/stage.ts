import { setTimeout as sleep } from 'node:timers/promises';
import { type KnownTriton, type RunningBerth, startBerth } from '../berth.js';
import { RedisServer, SentinelGroup } from '../../support/redis.js';
import type { ChildOptions } from '../children.js';

const POLL_MS = 20;
const LEADER_MS = 60_000;

/** One of several Berths on one Redis. */
export interface PeerBerth extends RunningBerth {
  readonly name: string;
}

/** Several Berths, each a process, on a Redis of their own. */
export interface Stage {
  readonly peers: readonly PeerBerth[];
  readonly redis: RedisServer | SentinelGroup;
  /** The one of these that leads; waits until one does. */
  leader(among?: readonly PeerBerth[]): Promise<PeerBerth>;
  end(): Promise<void>;
}

/** What a stage is made of. */
export interface StageOptions {
  readonly peers: number;
  readonly tritons: readonly KnownTriton[];
  readonly profile: 'default' | 'fast';
  /** Further keys of the configuration of each peer. */
  readonly settings?: object;
  /** How the process of a peer is started. */
  readonly child?: (nth: number) => ChildOptions;
  /** A master with two replicas and three Sentinels instead of one Redis: each write is confirmed. */
  readonly isConfirmed?: boolean;
}

/** Starts them one after the other in front of these Tritons, and waits until each is ready. */
export async function startStage(options: StageOptions): Promise<Stage> {
  const { tritons, profile, settings = {}, child, isConfirmed = false } = options;
  const redis = isConfirmed ? await SentinelGroup.start() : await RedisServer.start();
  const where = 'url' in redis ? { url: redis.url } : { sentinels: redis.addresses, name: redis.name };
  const peers: PeerBerth[] = [];
  for (let nth = 0; nth < options.peers; nth += 1) {
    const name = `peer-${nth}`;
    const shared = { redis: { ...where, profile }, peer: { name }, ...settings };
    peers.push({ ...(await startBerth(tritons, shared, child?.(nth))), name });
  }
  return {
    ...{ peers, redis },
    leader: (among = peers) => leaderOf(among),
    end: async () => {
      for (const peer of peers) await peer.end().catch(() => undefined);
      await redis.remove();
    },
  };
}

async function leaderOf(peers: readonly PeerBerth[]): Promise<PeerBerth> {
  for (const giveUpAt = Date.now() + LEADER_MS; Date.now() < giveUpAt; await sleep(POLL_MS))
    for (const peer of peers) if (await leads(peer)) return peer;
  throw new Error(`none of ${peers.length} peers led within ${LEADER_MS} ms`);
}

async function leads({ http }: PeerBerth): Promise<boolean> {
  const text = await fetch(`${http}/metrics`)
    .then((answer) => answer.text())
    .catch(() => '');
  return /^berth_leader 1$/m.test(text);
}
