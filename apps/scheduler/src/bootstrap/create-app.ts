import type { Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, isBeyondLoopback } from '#config';
import { ELECTION_PROFILES } from '#engine';
import { Metrics } from '#telemetry';
import { AppModule } from '../app.module.js';
import { BatchPlaces, boundBatches } from '../admin/models/batch.controller.js';
import { WrittenInterceptor } from '../admin/idempotency/written.interceptor.js';
import { forwardHttp } from '../cluster/forwarding/http-forward.js';
import { perTermProviders, Terms } from '../cluster/leadership/per-term.js';
import { ProcessReadiness } from '../cluster/leadership/readiness.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { AlertPlaces, boundAlerts } from '../integrations/alertmanager/alerts.controller.js';
import { OBJECTIVES } from '../routing/picker/picker.js';
import { DNS } from '../routing/picker/upstreams.js';
import { ResolveController, bypassNest } from '../routing/resolve.controller.js';
import { guardHttp, type HttpCallers } from '../transport/access/http-guard.js';
import { KnownCallers } from '../transport/access/known-callers.js';
import { PeerKey } from '../transport/access/peer-key.js';
import { Signatures } from '../transport/access/webhook-signatures.js';
import { ProblemFilter } from '../transport/errors/problem.filter.js';
import { Problems } from '../transport/errors/problems.js';
import { RpcErrors } from '../transport/errors/rpc-errors.js';
import { ProcessHealth } from '../transport/health/process-health.js';
import { fastifyAdapter, parseJson } from '../transport/http/fastify.js';
import { openApi, serveOpenApi } from '../transport/http/openapi.js';
import { refuseQueries } from '../transport/http/queries.js';
import { checks } from '../transport/http/plain-messages.js';
import { Lifecycle } from '../transport/lifecycle.js';
import { PressureMonitor } from '../transport/limits/pressure-monitor.js';
import { Unfinished } from '../transport/limits/unfinished.js';
import { Untaken } from '../transport/limits/untaken.js';
import { LOG, nestLog } from '../transport/nest-log.js';
import { Certificates } from '../transport/tls/certificates.js';
import { ownNames } from '../transport/tls/own-names.js';
import type { Dependencies } from './dependencies.js';
import type { Identities } from './identities.js';
import { OpenPorts } from './open-ports.js';
import { CONFIG, PresentConfig } from './present-config.js';

/** Has Nest put together what serves. Nothing is listened on yet. */
export async function createApp(
  config: Config,
  outside: Dependencies,
  identities: Identities,
): Promise<NestFastifyApplication> {
  const { log, random, wallNow } = outside;
  const { access, certificates } = identities;
  const problems = new Problems(log, random);
  const signatures = new Signatures(config.webhooks.fleet.secrets, wallNow);
  const peerKey = new PeerKey(config.peer.key);
  const httpCallers: HttpCallers = {
    access: () => access,
    isOwnName: ownName(config, certificates),
    signatures,
    peers: peerKey,
  };
  const shared: Provider[] = [
    { provide: CONFIG, useValue: config },
    { provide: Problems, useValue: problems },
    { provide: Signatures, useValue: signatures },
    { provide: PeerKey, useValue: peerKey },
    ...processProviders(config, outside, identities),
    ...perTermProviders(),
  ];
  const adapter = fastifyAdapter(problems, config.connections, httpCallers, certificates);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(shared), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(log),
  });
  addHooks(app, problems, httpCallers);
  return app;
}

/** Adds what holds for every call, in the order in which it happens: callers are known before a body is read, or handed on. */
function addHooks(app: NestFastifyApplication, problems: Problems, callers: HttpCallers): void {
  app.useGlobalFilters(new ProblemFilter(problems));
  app.useGlobalPipes(checks());
  app.useGlobalInterceptors(new WrittenInterceptor(app.get(Untaken)));
  const fastify = app.getHttpAdapter().getInstance();
  parseJson(fastify);
  guardHttp(fastify, callers);
  app.get(Unfinished).bodies(fastify);
  const terms = app.get(Terms);
  if (terms.hasPeers) forwardHttp(fastify, terms, problems);
  serveOperations(app, problems, callers.access().isOn);
}

/** What lives as long as the process. */
function processProviders(
  config: Config,
  { clock, dns, gauge, log, openPeers, processMetrics, random }: Dependencies,
  { callers, certificates }: Identities,
): Provider[] {
  const { limits, insecureListen, redis } = config;
  const { lease } = ELECTION_PROFILES[redis?.profile ?? 'default'];
  return [
    ...[Lifecycle, OpenPorts, PresentConfig, Unfinished, Untaken],
    { provide: Certificates, useValue: certificates },
    { provide: KnownCallers, useValue: callers },
    { provide: LOG, useValue: log },
    { provide: DNS, useValue: dns },
    {
      provide: OBJECTIVES,
      inject: [PresentConfig],
      useFactory: (present: PresentConfig) => () => present.now.objectives,
    },
    {
      provide: Metrics,
      useFactory: () => metricsOf({ clock, processMetrics }, insecureListen, certificates),
    },
    { provide: PressureMonitor, useFactory: () => new PressureMonitor(gauge, limits.shedAtLagMs, log) },
    { provide: ProcessHealth, useClass: ProcessReadiness },
    { provide: RpcErrors, useFactory: () => new RpcErrors(log, random) },
    {
      provide: Terms,
      inject: [Lifecycle],
      useFactory: (lifecycle: Lifecycle) => new Terms(lifecycle, openPeers !== null),
    },
    { provide: WatchedTable, useFactory: () => new WatchedTable({ clock, bound: 2 * lease }) },
  ];
}

/** The metrics. They tell when the certificate expires, that of now and each one after it. */
function metricsOf(
  { clock, processMetrics: process }: Pick<Dependencies, 'clock' | 'processMetrics'>,
  isInsecureListen: boolean,
  certificates: Certificates | null,
): Metrics {
  const metrics = new Metrics({ now: () => clock.now(), process, isInsecureListen });
  const tell = (): void => metrics.counts.certificateExpires.set(certificates!.expiresAt / 1_000);
  if (certificates !== null) {
    tell();
    certificates.follow(tell);
  }
  return metrics;
}

/** What the framework does not do for operations by itself. */
function serveOperations(app: NestFastifyApplication, problems: Problems, isGuarded: boolean): void {
  const fastify = app.getHttpAdapter().getInstance();
  const document = openApi(app, isGuarded);
  refuseQueries(fastify, document, problems);
  bypassNest(fastify, app.get(ResolveController));
  boundBatches(fastify, app.get(BatchPlaces));
  boundAlerts(fastify, app.get(AlertPlaces));
  serveOpenApi(fastify, document);
}

/** Whether a name is of this Berth; null: only this machine may call. */
function ownName(config: Config, certificates: Certificates | null): ((name: string) => boolean) | null {
  const names = new Set(ownNames([...config.names, config.http.host]).map((name) => name.toLowerCase()));
  const isOwn = (name: string): boolean => names.has(name) || certificates?.isFor(name) === true;
  return isBeyondLoopback(config) ? isOwn : null;
}
