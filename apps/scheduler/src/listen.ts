import type { AddressInfo } from 'node:net';
import type { Server } from '@grpc/grpc-js';
import type { Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Metrics } from '#telemetry';
import { type Address, addressText, type Config, isBeyondLoopback } from '#config';
import { guardHttp } from './access/http-guard.js';
import { isOwnPath } from './access/operations.js';
import { AlertPlaces, boundAlerts } from './alerts/alerts.controller.js';
import { CannotListen } from './cannot-listen.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { perTermProviders, Terms } from './terms/per-term.js';
import { Problems } from './errors/problems.js';
import { RpcErrors } from './errors/rpc-errors.js';
import { forwardGrpc } from './forwarding/grpc-forward.js';
import { forwardHttp } from './forwarding/http-forward.js';
import { BoundedGrpc } from './grpc/bounded-grpc.js';
import { grpcOptions } from './grpc/options.js';
import { boundConnections } from './http/connection-bound.js';
import { fastifyAdapter, parseJson } from './http/fastify.js';
import { serveFurther } from './http/further-addresses.js';
import { GrpcHealth } from './health/grpc-health.js';
import { openApi, serveOpenApi } from './http/openapi.js';
import { refuseQueries } from './http/queries.js';
import { checks } from './http/worded.js';
import { BatchPlaces, boundBatches } from './models/batch.controller.js';
import { LOG, nestLog } from './nest-log.js';
import { WatchedTable } from './following/watched-table.js';
import { Lifecycle } from './lifecycle.js';
import { CONFIG } from './present-config.js';
import { PressureMonitor } from './pressure/pressure-monitor.js';
import { Untaken } from './untaken.js';
import { boundsWithin, openFiles } from './open-files.js';
import type { SchedulerParts } from './parts.js';
import { ResolveController, straighten } from './routing/resolve.controller.js';
import { Resolver } from './routing/resolver.js';
import type { Lasting } from './reigns/lasting.js';
import { ExternalScaler } from './scaling/external-scaler.js';
import { SchedulerModule } from './scheduler.module.js';
import { CERTIFICATES, type Certificates } from './tls/certificates.js';
import { ownNames } from './tls/own-names.js';
import { WatchRpc } from './watching/watch.grpc.js';
import { WrittenInterceptor } from './writes/written.interceptor.js';

/** A Nest app that answers, and how to end it. */
export interface Listening {
  readonly app: NestFastifyApplication;
  readonly grpcServer: Server;
  /** The base URL of HTTP, and `host:port` of gRPC. */
  readonly http: string;
  readonly grpc: string;
  /** Takes no more requests, and resolves when those under way have ended. */
  close(): Promise<void>;
}

type Parts = Pick<SchedulerParts, 'log' | 'lookup' | 'random'>;

/** What is served. */
interface ServedBy {
  readonly lasting: Lasting;
  readonly terms: Terms;
}

/** Serves HTTP and gRPC. Where one of them cannot be served, neither is. */
export async function listen(config: Config, served: ServedBy, parts: Parts): Promise<Listening> {
  const { log, random } = parts;
  const { lasting, terms } = served;
  const { access, certificates, peerKey, signatures, unfinished } = lasting;
  const problems = new Problems(log, random);
  const callers = {
    access: () => access,
    isOwnName: ownName(config, certificates),
    signatures,
    peers: peerKey,
  };
  const adapter = fastifyAdapter(problems, config.connections, callers, certificates);
  const shared = sharedOf(config, served, problems, parts);
  const app = await NestFactory.create<NestFastifyApplication>(SchedulerModule.of(shared), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(log),
  });
  app.useGlobalFilters(new ProblemFilter(problems));
  app.useGlobalPipes(checks());
  app.useGlobalInterceptors(new WrittenInterceptor(lasting.untaken));
  const fastify = adapter.getInstance();
  parseJson(fastify);
  guardHttp(fastify, callers);
  unfinished.bodies(fastify);
  if (terms.hasPeers) forwardHttp(fastify, terms, problems);
  serveOperations(app, problems, access.isOn);
  try {
    return await open(app, config, served, parts);
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

/** What Nest hands to constructors beside what it makes. */
const sharedOf = (
  config: Config,
  { lasting, terms }: ServedBy,
  problems: Problems,
  { log, random }: Parts,
): Provider[] => [
  { provide: CERTIFICATES, useValue: lasting.certificates },
  { provide: CONFIG, useValue: config },
  { provide: Lifecycle, useValue: lasting.lifecycle },
  { provide: LOG, useValue: log },
  { provide: Metrics, useValue: lasting.metrics },
  { provide: PressureMonitor, useValue: lasting.pressure },
  { provide: Problems, useValue: problems },
  { provide: RpcErrors, useValue: new RpcErrors(log, random) },
  { provide: Terms, useValue: terms },
  { provide: Untaken, useValue: lasting.untaken },
  { provide: WatchedTable, useValue: lasting.routes },
  ...perTermProviders(),
];

/** What the framework does not do for operations by itself. */
function serveOperations(app: NestFastifyApplication, problems: Problems, isGuarded: boolean): void {
  const fastify = app.getHttpAdapter().getInstance();
  const document = openApi(app, isGuarded);
  refuseQueries(fastify, document, problems);
  straighten(fastify, app.get(ResolveController));
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

async function open(
  app: NestFastifyApplication,
  config: Config,
  { lasting, terms }: ServedBy,
  { log, lookup }: Parts,
): Promise<Listening> {
  const { access, certificates, metrics, peerKey, unfinished, untaken } = lasting;
  let grpcServer: Server | undefined;
  const errors = app.get(RpcErrors);
  const raw = {
    resolver: app.get(Resolver),
    errors,
    health: app.get(GrpcHealth),
    scaler: app.get(ExternalScaler),
    watch: app.get(WatchRpc),
  };
  const bounds = boundsWithin(openFiles(), config.connections, log);
  const refused = (over: 'http' | 'grpc') => () => metrics.counts.connectionsRefused[over].inc();
  const onServer = (server: Server) => (grpcServer = server);
  const strategy = new BoundedGrpc(grpcOptions(config.connections, { ...raw, onServer }), {
    ...{ address: config.grpc, connections: bounds.grpc, onRefused: refused('grpc'), errors, lookup },
    access: () => access,
    ...{ certificates, peerKey, unfinished, untaken },
    interceptors: terms.hasPeers ? [forwardGrpc(terms, untaken, errors, isOwnPath)] : [],
  });
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices().catch((cause: unknown) => fail('gRPC', addressText(config.grpc), cause));
  boundConnections(app.getHttpServer(), bounds.http, refused('http'));
  const { port, end } = await serveHttp(app, config.http, lookup).catch((cause: unknown) =>
    fail('HTTP', addressText(config.http), cause),
  );
  return {
    app,
    grpcServer: grpcServer!,
    http: `${certificates ? 'https' : 'http'}://${addressText({ ...config.http, port })}`,
    grpc: addressText({ ...config.grpc, port: strategy.port }),
    close: async () => void (await Promise.all([end(), app.close()])),
  };
}

/**
 * Serves HTTP on every address of a host. Fastify knows one: for `localhost` it would make a server of its own for each other
 * address, without our bounds.
 */
async function serveHttp(
  app: NestFastifyApplication,
  { host, port: wanted }: Address,
  lookup: Parts['lookup'],
) {
  const [first = host, ...others] = await lookup(host);
  await app.listen(wanted, first);
  const server = app.getHttpServer();
  const { port } = server.address() as AddressInfo;
  return { port, end: await serveFurther(server, others, port) };
}

function fail(what: 'HTTP' | 'gRPC', address: string, cause: unknown): never {
  throw new CannotListen(what, address, cause);
}
