import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { type Config, parseAddress, peerSelf, type RedisConfig } from '#config';
import { Election, type ElectionOptions, ELECTION_PROFILES } from '#engine';
import { openStore, type StoreOptions } from '#store';
import { openRedis, QueueWarmups } from '#store-redis';
import { MonotonicClock } from './monotonic-clock.js';
import { rated } from './rated.js';
import type { Peers, Served } from './peers.js';

interface Parts {
  readonly log: Logger;
  /** How the store of a term is opened. */
  readonly store: Omit<StoreOptions, 'leadership'>;
  /** Hears how many writes Redis has lost. */
  readonly onLostWrites: (count: number) => void;
}

/**
 * The peers that share a Redis. Resolves once it answers. Rejects with `StoreUnusable` where it cannot be used, or another
 * process has the name of this peer.
 */
export async function redisPeers(
  config: Config,
  redis: RedisConfig,
  served: Served,
  { log, store, onLostWrites }: Parts,
): Promise<Peers> {
  const self = peerSelf(config.peer, addressesOf(config, served), hostname());
  const name = self.peer;
  const opened = await openRedis({
    ...{ redis, fleet: config.fleet, peer: name, onLostWrites },
    onAdvice: (text) => log.warn(text),
    onWaiting: (text) => log.warn(text),
    onHigherTerm: (term) => election.noteTerm(term),
    onFound: (term) => election.endTerm(term),
    onNameLost: endProcess,
  });
  const profile = ELECTION_PROFILES[redis.profile];
  const told = logOf(log, opened.place);
  const election = new Election(new MonotonicClock(), opened.leaseKeeper, { self, profile, ...told });
  const onError = rated((error: Error) =>
    log.warn({ err: error }, 'the queue of warm-ups fails: those that Redis has wait until it works again'),
  );
  const warmups = new QueueWarmups(redis, { onError });
  return {
    ...{ name, candidate: election, warmups },
    openStore: async (leadership) =>
      await openStore(await opened.rowsOf(leadership.term), { ...store, leadership }),
    close: async () => {
      await warmups.close();
      await opened.close();
    },
  };
}

/** Where we really listen: the configuration may leave the ports to the system. */
function addressesOf({ http, tls }: Config, served: Served) {
  const [, port = ''] = /:([0-9]+)$/.exec(served.http) ?? [];
  const grpc = parseAddress(served.grpc);
  if (grpc === undefined) throw new Error(`gRPC is served at ${served.grpc}, which is no address`);
  return { http: { host: http.host, port: Number(port) }, grpc, isTls: tls !== null };
}

/** Has the process end in order, with this error in its log. */
function endProcess(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

/** What the election tells, in the log. */
const logOf = (log: Logger, place: string): Pick<ElectionOptions, 'onHealth' | 'onLoss'> => ({
  onHealth: rated((failure) => {
    if (failure === null) log.info(`${place} answers about the lease again`);
    else log.warn({ err: failure }, `${place} does not answer about the lease: no other peer comes to lead`);
  }),
  onLoss: (heardOf, stored) =>
    log.error(
      { heardOf, stored },
      `${place} has lost writes: it does not know of the last term. What was declared may be lost`,
    ),
});
