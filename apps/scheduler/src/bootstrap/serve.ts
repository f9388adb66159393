import type { AddressInfo } from 'node:net';
import type { Server } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Address, addressText, type Config } from '#config';
import { Metrics } from '#telemetry';
import { forwardGrpc } from '../cluster/forwarding/grpc-forward.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { ExternalScaler } from '../integrations/scaling/external-scaler.js';
import { Resolver } from '../routing/resolver.js';
import { PickerRpc } from '../routing/picker/picker.grpc.js';
import { WatchRpc } from '../routing/watch.grpc.js';
import { isOwnPath } from '../transport/access/operations.js';
import { PeerKey } from '../transport/access/peer-key.js';
import type { Lookup } from '../transport/addresses.js';
import { RpcErrors } from '../transport/errors/rpc-errors.js';
import { BoundedGrpc } from '../transport/grpc/bounded-grpc.js';
import { GrpcHealth } from '../transport/health/grpc-health.js';
import { boundConnections } from '../transport/http/connection-bound.js';
import { serveFurther } from '../transport/http/further-addresses.js';
import { boundsWithin, openFiles } from '../transport/limits/open-files.js';
import { Unfinished } from '../transport/limits/unfinished.js';
import { Untaken } from '../transport/limits/untaken.js';
import { CannotListen } from './cannot-listen.js';
import type { Dependencies } from './dependencies.js';
import { grpcOptions } from './grpc-options.js';
import type { Identities } from './identities.js';

/** Both ports of a process, and how to close them. */
export interface Listening {
  readonly grpcServer: Server;
  /** The base URL of HTTP, and `host:port` of gRPC. */
  readonly http: string;
  readonly grpc: string;
  /** Takes no more requests, and resolves when those under way have ended. */
  close(): Promise<void>;
}

/** Serves HTTP and gRPC. Rejects with `CannotListen` where one of them cannot be served. */
export async function serve(
  app: NestFastifyApplication,
  config: Config,
  { log, lookup }: Pick<Dependencies, 'log' | 'lookup'>,
  { access, certificates }: Identities,
): Promise<Listening> {
  let grpcServer: Server | undefined;
  const [errors, terms, untaken] = [app.get(RpcErrors), app.get(Terms), app.get(Untaken)];
  const { connectionsRefused } = app.get(Metrics).counts;
  const raw = {
    resolver: app.get(Resolver),
    errors,
    health: app.get(GrpcHealth),
    scaler: app.get(ExternalScaler),
    watch: app.get(WatchRpc),
    picker: app.get(PickerRpc),
  };
  const bounds = boundsWithin(openFiles(), config.connections, log);
  const onServer = (server: Server) => (grpcServer = server);
  const strategy = new BoundedGrpc(grpcOptions(config.connections, { ...raw, onServer }), {
    ...{ address: config.grpc, connections: bounds.grpc, certificates, errors, lookup, untaken },
    onRefused: () => connectionsRefused.grpc.inc(),
    access: () => access,
    peerKey: app.get(PeerKey),
    unfinished: app.get(Unfinished),
    interceptors: terms.hasPeers ? [forwardGrpc(terms, untaken, errors, isOwnPath)] : [],
  });
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices().catch((cause: unknown) => fail('gRPC', addressText(config.grpc), cause));
  boundConnections(app.getHttpServer(), bounds.http, () => connectionsRefused.http.inc());
  const { port, end } = await serveHttp(app, config.http, lookup).catch((cause: unknown) =>
    fail('HTTP', addressText(config.http), cause),
  );
  return {
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
async function serveHttp(app: NestFastifyApplication, { host, port: wanted }: Address, lookup: Lookup) {
  const [first = host, ...others] = await lookup(host);
  await app.listen(wanted, first);
  const server = app.getHttpServer();
  const { port } = server.address() as AddressInfo;
  return { port, end: await serveFurther(server, others, port) };
}

function fail(what: 'HTTP' | 'gRPC', address: string, cause: unknown): never {
  throw new CannotListen(what, address, cause);
}
