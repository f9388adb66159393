import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, isWildcard } from '#config';
import type { Engine, Told } from '#engine';
import type { Store } from '#kept';
import { begin } from './begin.js';
import { checkAddresses } from './cannot-listen.js';
import { type Composition, compose } from './compose.js';
import { completeParts } from './default-parts.js';
import type { Troubles } from './fleet/troubles.js';
import { withoutStoredFiles } from './fleet/stored-files.js';
import { GrpcHealth } from './health/grpc-health.js';
import { KnownCallers } from './known-callers.js';
import { listen, type Listening } from './listen.js';
import { warnOfOpenPorts } from './open-ports.js';
import type { Demo, SchedulerParts } from './parts.js';
import { reload } from './reload.js';
import { Running } from './running.js';
import { ExternalScaler } from './scaling/external-scaler.js';
import { Certificates } from './tls/certificates.js';

/** Calls under way have so long to end by themselves; then they are ended. */
const GRACE_MS = 3_000;

/** So long the start waits for DNS. */
const FIRST_ANSWERS_MS = 2_000;

/** A scheduler that answers. */
export interface RunningScheduler {
  /** The base URL of HTTP. */
  readonly http: string;
  /** `host:port` of gRPC. */
  readonly grpc: string;
  readonly engine: Engine;
  /** What is shown where no server is declared at all. */
  readonly demo: Demo | null;
  /** What keeps servers from being reached. */
  readonly troubles: Troubles;
  /** The file with the key of the only caller, where the configuration tells of none; null: there is no such file. */
  readonly adminKeyFile: string | null;
  /** The file with the authority that clients have to trust; null where it is not our own. */
  readonly authorityFile: string | null;
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
  const store = await parts.openStore();
  let demo: Demo | null = null;
  let made: Composition | undefined;
  try {
    const told = withoutStoredFiles(await store.declarations.read(), parts.log);
    const callers = await KnownCallers.of(config, parts);
    const certificates = await certificatesOf(config, parts);
    demo = await demoFor(config, told, parts);
    const access = parts.access ?? callers.access;
    const composed = compose(config, { ...parts, access }, store, {
      told,
      facts: await store.learned.read(),
      demo,
    });
    made = composed;
    tellExpiry(certificates, composed);
    await firstAnswers(composed);
    await begin(config, composed);
    composed.discovery.start(parts.discoverEveryMs);
    const listening = await listen(config, new Running(() => composed), { ...parts, certificates });
    warnOfOpenPorts(config.insecureListen, parts.log);
    return running(config, composed, { store, listening, demo, callers, certificates });
  } catch (error) {
    made?.discovery.stop();
    made?.engine.stop();
    await made?.teller.close();
    await made?.recorder?.close();
    await demo?.close();
    await store.close();
    throw error;
  }
}

/** What DNS answers soon is known from the first turn on, as if it were declared. */
async function firstAnswers({ discovery }: Composition): Promise<void> {
  await Promise.race([discovery.ask(), sleep(FIRST_ANSWERS_MS, undefined, { ref: false })]);
}

/** What is shown where no server is declared, in the file, by a flag or over the API. */
async function demoFor(
  { servers, discovery }: Config,
  told: Told,
  { startDemo }: Pick<SchedulerParts, 'startDemo'>,
): Promise<Demo | null> {
  const isEmpty =
    servers.length + discovery.length === 0 && [...told.servers.values()].every(({ spec }) => spec === null);
  return isEmpty ? ((await startDemo?.()) ?? null) : null;
}

async function certificatesOf(
  config: Config,
  { log, wallNow: now }: SchedulerParts,
): Promise<Certificates | null> {
  const { tls, data: folder, fleet, http, grpc } = config;
  if (tls === null) return null;
  const hosts = [http.host, grpc.host].filter((host) => !isWildcard(host));
  return await Certificates.open({
    tls: { ...tls, names: [...tls.names, ...hosts] },
    folder,
    fleet,
    log,
    now,
  });
}

/** Has the metrics tell when the certificate expires, that of now and each one after it. */
function tellExpiry(certificates: Certificates | null, { metrics }: Composition): void {
  if (certificates === null) return;
  const tell = (): void => metrics.listen.certificateExpires(certificates.expiresAt);
  tell();
  certificates.follow(tell);
}

/** What runs beside the composition, and has to be closed in the end. */
interface Held {
  readonly store: Store;
  readonly listening: Listening;
  readonly demo: Demo | null;
  readonly callers: KnownCallers;
  readonly certificates: Certificates | null;
}

function running(config: Config, made: Composition, held: Held): RunningScheduler {
  let closing: Promise<void> | undefined;
  return {
    http: held.listening.http,
    grpc: held.listening.grpc,
    engine: made.engine,
    demo: held.demo,
    troubles: made.troubles,
    adminKeyFile: held.callers.adminKeyFile,
    authorityFile: held.certificates?.authorityFile ?? null,
    readCertificates: async () => await held.certificates?.read(),
    reload: (next) => {
      const keys = reload(config, next, held.demo, made);
      return held.callers.take(next.auth) ? keys : [...keys, 'auth'];
    },
    close: () => (closing ??= close(made, held)),
  };
}

/**
 * The order matters: no new request, every request answered, nothing lost. Where the last turn throws, all else ends
 * before its error goes on.
 */
async function close(made: Composition, held: Held): Promise<void> {
  made.lifecycle.end();
  made.discovery.stop();
  held.listening.app.get(GrpcHealth).refresh();
  held.listening.app.get(ExternalScaler).end();
  try {
    made.engine.stop();
  } finally {
    await closeRest(made, held);
  }
}

async function closeRest(
  { watch, writes, recorder, teller }: Composition,
  { store, listening, demo }: Held,
): Promise<void> {
  watch.close();
  await Promise.race([writes.idle(), sleep(GRACE_MS, undefined, { ref: false })]);
  const closed = listening.close();
  const isClosed = await Promise.race([closed.then(() => true), sleep(GRACE_MS, false, { ref: false })]);
  if (!isClosed) {
    listening.grpcServer.forceShutdown();
    listening.app.getHttpServer().closeAllConnections();
    await closed;
  }
  await Promise.race([teller.close(), sleep(GRACE_MS, undefined, { ref: false })]);
  await Promise.race([recorder?.close(), sleep(GRACE_MS, undefined, { ref: false })]);
  await store.close();
  await demo?.close();
}
