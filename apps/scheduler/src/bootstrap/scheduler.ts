import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#config';
import { Engine } from '#engine';
import { Metrics } from '#telemetry';
import { warmupWork } from '../admin/warmups/warmup-work.js';
import { ConnectionErrors } from '../admin/servers/connection-errors.js';
import type { Peers } from '../cluster/leadership/peers.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { type Demo, TermConfig } from '../cluster/leadership/term-config.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { ExternalScaler } from '../integrations/scaling/external-scaler.js';
import { GrpcHealth } from '../transport/health/grpc-health.js';
import { Lifecycle } from '../transport/lifecycle.js';
import { checkAddresses } from './cannot-listen.js';
import { createApp } from './create-app.js';
import { type Deciding, joinPeers, leadAlone } from './deciding.js';
import { type Dependencies, dependenciesOf } from './dependencies.js';
import { type Identities, readIdentities } from './identities.js';
import { PresentConfig } from './present-config.js';
import { type Listening, serve } from './serve.js';
import { GRACE_MS } from './term/term-life.js';

/** A scheduler that answers. */
export interface RunningScheduler {
  /** The base URL of HTTP. */
  readonly http: string;
  /** `host:port` of gRPC. */
  readonly grpc: string;
  /** The engine of the present term. Throws where this process does not lead. */
  readonly engine: Engine;
  /** What is shown where nothing may bring servers. */
  readonly demo: Demo | null;
  /** What keeps servers from being reached; null: this process does not lead. */
  readonly connectionErrors: ConnectionErrors | null;
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

/** Starts a scheduler of its configuration and what it has of the world outside. Reads no environment. */
export async function createScheduler(
  config: Config,
  given: Partial<Dependencies> = {},
): Promise<RunningScheduler> {
  const outside = dependenciesOf(config, given);
  const { log, openPeers } = outside;
  await checkAddresses(config);
  const identities = await readIdentities(config, outside);
  const app = await createApp(config, outside, identities);
  let deciding: Deciding | undefined;
  let listening: Listening | undefined;
  try {
    // Among peers a process answers also while it does not lead; alone it answers once it has begun to lead.
    if (openPeers === null) deciding = await leadAlone(app, config, outside);
    listening = await serve(app, config, outside, identities);
    if (openPeers !== null) deciding = await joinPeers(app, outside, openPeers, listening);
    deciding!.warmups.begin(warmupWork(app.get(Terms), app.get(Metrics), log));
    return runningScheduler({ app, deciding: deciding!, identities, listening });
  } catch (error) {
    await deciding?.stop();
    await (listening ?? app).close().catch(() => undefined);
    await deciding?.close();
    throw error;
  }
}

/** What runs in a process. */
interface Parts {
  readonly app: NestFastifyApplication;
  readonly deciding: Deciding;
  readonly identities: Identities;
  readonly listening: Listening;
}

function runningScheduler(parts: Parts): RunningScheduler {
  const { app, deciding, identities, listening } = parts;
  const { callers, certificates } = identities;
  const terms = app.get(Terms);
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
    get connectionErrors() {
      return terms.leading?.get(ConnectionErrors) ?? null;
    },
    adminKeyFile: callers.adminKeyFile,
    authorityFile: certificates?.authorityFile ?? null,
    peers: deciding.peers,
    readCertificates: async () => await certificates?.read(),
    reload: (next) => app.get(PresentConfig).take(next, terms.leading),
    close: () => (closing ??= close(parts)),
  };
}

/**
 * The order matters: no new request, every request answered, nothing lost. Where the last turn throws, all else ends
 * before its error goes on.
 */
async function close({ app, deciding, listening }: Parts): Promise<void> {
  app.get(Lifecycle).end();
  app.get(GrpcHealth).refresh();
  app.get(ExternalScaler).end();
  app.get(WatchedTable).gateways.endAll();
  try {
    await deciding.stop();
  } finally {
    await closeListening(app, listening);
    await deciding.close();
  }
}

/** Calls under way have so long to end by themselves; then they are ended. */
async function closeListening(app: NestFastifyApplication, listening: Listening): Promise<void> {
  const closed = listening.close();
  const isClosed = await Promise.race([closed.then(() => true), sleep(GRACE_MS, false, { ref: false })]);
  if (isClosed) return;
  listening.grpcServer.forceShutdown();
  app.getHttpServer().closeAllConnections();
  await closed;
}
