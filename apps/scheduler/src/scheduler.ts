import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '#config';
import { Engine } from '#engine';
import { checkAddresses } from './cannot-listen.js';
import { completeParts } from './default-parts.js';
import { openOwnStore } from './demo-store.js';
import { Troubles } from './fleet/troubles.js';
import { GrpcHealth } from './health/grpc-health.js';
import { listen, type Listening } from './listen.js';
import type { Demo, SchedulerParts } from './parts.js';
import { PresentConfig } from './present-config.js';
import { Following } from './reigns/following.js';
import { type Lasting, lastingOf } from './reigns/lasting.js';
import type { Peers } from './reigns/peers.js';
import { Reigns } from './reigns/reigns.js';
import { Terms } from './terms/per-term.js';
import { ExternalScaler } from './scaling/external-scaler.js';
import { Teller } from './telling/teller.js';
import { TermConfig } from './terms/term-config.js';
import { LeaderTerm } from './terms/leader-term.js';
import { GRACE_MS } from './terms/term-life.js';
import { warmupWork } from './warmups/warmup-work.js';

/** A scheduler that answers. */
export interface RunningScheduler {
  /** The base URL of HTTP. */
  readonly http: string;
  /** `host:port` of gRPC. */
  readonly grpc: string;
  /** The engine of the present reign. Throws where this process does not lead. */
  readonly engine: Engine;
  /** What is shown where nothing may bring servers. */
  readonly demo: Demo | null;
  /** What keeps servers from being reached; null: this process does not lead. */
  readonly troubles: Troubles | null;
  /** The file with the key of the only caller, where the configuration tells of none; null: there is no such file. */
  readonly adminKeyFile: string | null;
  /** The file with the authority that clients have to trust; null where it is not our own. */
  readonly authorityFile: string | null;
  /** This process among its peers; null: it has none. */
  readonly peers: Peers | null;
  /** Takes up another TLS certificate, where there is one. */
  readCertificates(): Promise<void>;
  /** Takes up another configuration; returns the keys that only a restart takes up. */
  reload(config: Config): readonly string[];
  /** Refuses the waiting requests, answers the calls under way, and leaves the models loaded. */
  close(): Promise<void>;
}

/** The composition root: makes a scheduler of its configuration and parts. Reads no environment. */
export async function createScheduler(
  config: Config,
  given: Partial<SchedulerParts> = {},
): Promise<RunningScheduler> {
  const parts = completeParts(config, given);
  await checkAddresses(config);
  const { openPeers } = parts;
  return openPeers === null ? await alone(config, parts) : await amongPeers(config, parts, openPeers);
}

/** What runs in a process, and how it ends. */
interface Parts {
  readonly listening: Listening;
  readonly present: PresentConfig;
  readonly peers: Peers | null;
  readonly lasting: Lasting;
  readonly terms: Terms;
  /** Decides no more: every request that waits is answered. */
  stop(): Promise<void>;
  /** Ends the rest, once all calls have ended. */
  close(): Promise<void>;
}

/** One reign, from before the first call to the end. */
async function alone(config: Config, parts: SchedulerParts): Promise<RunningScheduler> {
  const { store, demo } = await openOwnStore(config, parts);
  const opened = Promise.all([lastingOf(config, parts), store.openWarmups()]);
  const [lasting, warmups] = await opened.catch(async (error: unknown) => {
    await demo?.close();
    await store.close();
    throw error;
  });
  const reign = await LeaderTerm.begin(config, { ...parts, lasting, warmups }, store, null, demo);
  const terms = new Terms(lasting.lifecycle);
  terms.leading = reign;
  const listening = await listen(config, { lasting, terms }, parts).catch(async (error: unknown) => {
    await reign.stop('shutting_down');
    await reign.close();
    throw error;
  });
  warmups.begin(warmupWork(terms, lasting.metrics, parts.log));
  return runningScheduler({
    ...{ lasting, terms, listening, peers: null },
    present: new PresentConfig(config, lasting),
    stop: async () => {
      // Loads that warm-ups wait for have not ended: the next life waits for them again.
      void warmups.close();
      await reign.stop('shutting_down');
    },
    close: () => reign.close(),
  });
}

/** Listens first: among peers a process answers also while it does not lead. */
async function amongPeers(
  config: Config,
  parts: SchedulerParts,
  openPeers: NonNullable<SchedulerParts['openPeers']>,
): Promise<RunningScheduler> {
  const lasting = await lastingOf(config, parts);
  const terms = new Terms(lasting.lifecycle, true);
  const listening = await listen(config, { lasting, terms }, parts);
  const { reigns: metrics } = lasting.metrics;
  const peers = await openPeers(listening, (count) => tellLost(lasting, terms, count)).catch(
    async (error: unknown) => {
      await listening.close();
      throw error;
    },
  );
  metrics.followTerm(() => peers.candidate.present?.term ?? 0);
  const present = new PresentConfig(config, lasting);
  const following = new Following({ config: () => present.now, lasting, peers, parts });
  terms.following = following;
  const { warmups } = peers;
  warmups.begin(warmupWork(terms, lasting.metrics, parts.log));
  const complete = { ...parts, lasting, warmups };
  const reigns = new Reigns({ config: () => present.now, parts: complete, peers, terms });
  return runningScheduler({
    ...{ lasting, terms, listening, peers, present },
    stop: async () => {
      const warmupsClosed = warmups.close();
      following.end();
      await reigns.close();
      await warmupsClosed;
    },
    close: async () => {
      await following.close();
      await peers.close();
    },
  });
}

/** Tells how many writes the store has lost, and which events were among them. */
function tellLost({ log, metrics }: Lasting, { leading }: Terms, count: number): void {
  metrics.reigns.writesLost(count);
  leading
    ?.get(Teller)
    .forgetLost()
    .catch((error: unknown) => {
      log.error({ err: error }, 'which events the store has lost is not known: it cannot be read');
    });
}

function runningScheduler(parts: Parts): RunningScheduler {
  const { lasting, listening, present, peers, terms } = parts;
  const { callers, certificates } = lasting;
  let closing: Promise<void> | undefined;
  return {
    http: listening.http,
    grpc: listening.grpc,
    get engine() {
      return terms.now.get(Engine);
    },
    get demo() {
      return terms.leading?.get(TermConfig).demo ?? null;
    },
    get troubles() {
      return terms.leading?.get(Troubles) ?? null;
    },
    adminKeyFile: callers.adminKeyFile,
    authorityFile: certificates?.authorityFile ?? null,
    peers,
    readCertificates: async () => await certificates?.read(),
    reload: (next) => present.take(next, terms.leading),
    close: () => (closing ??= close(parts)),
  };
}

/**
 * The order matters: no new request, every request answered, nothing lost. Where the last turn throws, all else ends
 * before its error goes on.
 */
async function close({ lasting, listening, ...deciding }: Parts): Promise<void> {
  lasting.lifecycle.end();
  listening.app.get(GrpcHealth).refresh();
  listening.app.get(ExternalScaler).end();
  lasting.routes.gateways.endAll();
  try {
    await deciding.stop();
  } finally {
    await closeListening(listening);
    await deciding.close();
  }
}

/** Calls under way have so long to end by themselves; then they are ended. */
async function closeListening(listening: Listening): Promise<void> {
  const { app, grpcServer } = listening;
  const closed = listening.close();
  const isClosed = await Promise.race([closed.then(() => true), sleep(GRACE_MS, false, { ref: false })]);
  if (isClosed) return;
  grpcServer.forceShutdown();
  app.getHttpServer().closeAllConnections();
  await closed;
}
