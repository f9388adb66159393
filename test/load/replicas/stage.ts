import { setTimeout as sleep } from 'node:timers/promises';
import { type KnownTriton, type RunningBerth, startBerth } from '../berth.js';
import { RedisServer } from '../../support/redis.js';

const POLL_MS = 20;
const LEADER_MS = 60_000;

/** One of several Berths on one Redis. */
export interface PeerBerth extends RunningBerth {
  readonly name: string;
}

/** Several Berths, each a process, on a Redis of their own. */
export interface Stage {
  readonly peers: readonly PeerBerth[];
  /** The one of these that leads; waits until one does. */
  leader(among?: readonly PeerBerth[]): Promise<PeerBerth>;
  end(): Promise<void>;
}

/** Starts them one after the other in front of these Tritons, and waits until each is ready. */
export async function startStage(
  count: number,
  tritons: readonly KnownTriton[],
  profile: 'default' | 'fast',
  settings: object = {},
): Promise<Stage> {
  const redis = await RedisServer.start();
  const peers: PeerBerth[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const name = `peer-${nth}`;
    const shared = { redis: { url: redis.url, profile }, peer: { name }, ...settings };
    peers.push({ ...(await startBerth(tritons, shared)), name });
  }
  return {
    peers,
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
