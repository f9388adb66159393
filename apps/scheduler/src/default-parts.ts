import { type Logger, pino } from 'pino';
import type { Config } from '#config';
import type { ServerId } from '#core';
import { openRows } from '#embedded';
import { openStore, type StoreOptions, type StoreUnavailable, TermOver } from '#kept';
import { TritonServer } from '#triton';
import { addressesOf } from './addresses.js';
import { nodeNames } from './discovery/node-names.js';
import { MonotonicClock } from './monotonic-clock.js';
import type { SchedulerParts } from './parts.js';
import { rated } from './rated.js';
import { redisPeers } from './reigns/redis-peers.js';
import { HttpCourier } from './telling/http-courier.js';

const DISCOVER_EVERY_MS = 10_000;

/** The real parts, with those that were handed in in their place. */
export function completeParts(config: Config, given: Partial<SchedulerParts>): SchedulerParts {
  const log = given.log ?? pino({ name: 'berth' });
  const clock = given.clock ?? new MonotonicClock();
  const { redis } = config;
  const store: StoreOptions = {
    fleet: config.fleet,
    onHealth: rated((failure) => tellHealth(log, failure)),
    onDamage: (key) => log.warn({ key }, 'a stored row made no sense and was left out'),
  };
  return {
    wallNow: () => Date.now(),
    random: () => Math.random(),
    access: null,
    openStore: async (folder) => openStore(await openRows(folder), store),
    openPeers:
      redis && ((served, onLostWrites) => redisPeers(config, redis, served, { log, store, onLostWrites })),
    openServer: ({ id, grpc, metrics, headers, tls }, tellTrouble) =>
      new TritonServer({
        id: id as ServerId,
        grpc,
        metrics,
        headers,
        tls,
        clock,
        log: (message) => log.warn({ server: id }, message),
        tellTrouble,
      }),
    lookup: addressesOf,
    names: nodeNames(),
    discoverEveryMs: DISCOVER_EVERY_MS,
    courier: new HttpCourier(),
    courierClock: new MonotonicClock(),
    startDemo: null,
    processMetrics: false,
    gauge: null,
    ...given,
    log,
    clock,
  };
}

function tellHealth(log: Logger, failure: StoreUnavailable | null): void {
  // A process that was deposed says that it leads no more.
  if (failure instanceof TermOver) return;
  if (failure === null) log.warn('the store takes writes again');
  else log.error({ err: failure }, 'the store fails: what has to be stored is refused, routes go on');
}
