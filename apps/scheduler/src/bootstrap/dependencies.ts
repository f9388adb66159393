import { type Logger, pino } from 'pino';
import type { Config } from '#config';
import type { ServerId } from '#core';
import { openRows } from '#store-sqlite';
import type { Access } from '#access';
import type { Clock } from '#engine';
import { openStore, type Store, type StoreOptions, type StoreUnavailable, TermOver } from '#store';
import { TritonServer } from '#triton';
import { addressesOf, type Lookup } from '../transport/addresses.js';
import type { DnsResolver } from '../integrations/discovery/dns-resolver.js';
import type { Random } from '../transport/errors/retry-hint.js';
import type { OpenServer } from '../admin/servers/links.js';
import type { Demo } from '../cluster/leadership/term-config.js';
import { MonotonicClock } from '../cluster/leadership/monotonic-clock.js';
import { rated } from '../cluster/leadership/rated.js';
import { redisPeers } from '../cluster/leadership/redis-peers.js';
import { HttpWebhookClient } from '../integrations/events/http-webhook-client.js';
import { systemDns } from '../integrations/discovery/system-dns.js';
import type { Peers, Served } from '../cluster/leadership/peers.js';
import type { WebhookClient } from '../integrations/events/webhook-client.js';
import type { ProcessGauge } from '../transport/limits/process-gauge.js';
import type { WallClock } from '../transport/wall-times.js';

const DISCOVER_EVERY_MS = 10_000;

/** What a scheduler has of the world outside; each can be handed in, as tests do. */
export interface Dependencies {
  readonly clock: Clock;
  readonly wallNow: WallClock;
  readonly random: Random;
  /** Finds the callers of operations; null: those of the configuration. */
  readonly access: Access | null;
  readonly log: Logger;
  /** Opens the store in a folder, for a process without peers. It is closed with the scheduler. */
  readonly openStore: (folder: string) => Promise<Store>;
  /**
   * Opens what this process leads and follows by, once it is served there; null: it has no peers. `onLostWrites` hears how many
   * writes the store has lost.
   */
  readonly openPeers: ((served: Served, onLostWrites: (count: number) => void) => Promise<Peers>) | null;
  readonly openServer: OpenServer;
  /** Finds the addresses on which HTTP and gRPC are served. */
  readonly lookup: Lookup;
  /** Where servers are found by their names. */
  readonly dns: DnsResolver;
  /** In ms: so often DNS is asked. */
  readonly discoverEveryMs: number;
  /** Posts events to the endpoints of the configuration. */
  readonly webhooks: WebhookClient;
  /** Tells when events are to be sent again. It is no other part's: a clock has one alarm. */
  readonly webhookClock: Clock;
  /** Starts what is shown where nothing may bring servers; null: then there are none. */
  readonly startDemo: (() => Promise<Demo>) | null;
  /** Whether the metrics tell of the process too. */
  readonly processMetrics: boolean;
  /** Shows how hard our own work presses this process; null: it is not measured. */
  readonly gauge: ProcessGauge | null;
}

/** The real ones, with those that were handed in in their place. */
export function dependenciesOf(config: Config, given: Partial<Dependencies>): Dependencies {
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
    dns: systemDns(),
    discoverEveryMs: DISCOVER_EVERY_MS,
    webhooks: new HttpWebhookClient(),
    webhookClock: new MonotonicClock(),
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
