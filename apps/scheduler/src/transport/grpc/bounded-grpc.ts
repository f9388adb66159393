import { type AddressInfo, createServer, type Server as Listener, type Socket } from 'node:net';
import { type ConnectionInjector, Server, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { type GrpcOptions, ServerGrpc } from '@nestjs/microservices';
import type { Access } from '#access';
import type { Address } from '#config';
import { guardGrpc } from '../access/grpc-guard.js';
import { type Lookup, openFurther, opens } from '../addresses.js';
import type { PeerKey } from '../access/peer-key.js';
import type { RpcErrors } from '../errors/rpc-errors.js';
import { Chain } from '../limits/chain.js';
import { boundSockets, type Requests } from '../limits/socket-bound.js';
import { type Ends, SocketsByAddress } from '../limits/sockets-by-address.js';
import { type Begun, callBounds } from './call-bounds.js';
import { Answered, endStalled } from './stalls.js';
import type { Certificates } from '../tls/certificates.js';
import { GrpcCredentials } from '../tls/grpc-credentials.js';
import type { Unfinished } from '../limits/unfinished.js';
import type { Untaken } from '../limits/untaken.js';

const HEALTH_WATCH = '/grpc.health.v1.Health/Watch';

/** How often it is looked whether something has waited for too long, in milliseconds. */
const LOOK_MS = 1_000;

/** Where gRPC is served, and for how many connections at a time. */
export interface GrpcBounds {
  readonly address: Address;
  readonly connections: number;
  readonly onRefused: () => void;
  readonly errors: RpcErrors;
  readonly lookup: Lookup;
  readonly access: () => Access;
  /** Further interceptors: calls come to them once they are admitted. */
  readonly interceptors: readonly ServerInterceptor[];
  /** Null: in the clear. */
  readonly certificates: Certificates | null;
  readonly peerKey: PeerKey;
  readonly unfinished: Unfinished;
  readonly untaken: Untaken;
}

/**
 * Nest's gRPC server on a listener of our own: grpc-js takes any number of connections. It listens once all services are
 * there.
 */
export class BoundedGrpc extends ServerGrpc {
  private readonly sockets = new SocketsByAddress();
  private listeners: readonly Listener[] = [];
  private requests: Requests | undefined;
  private readonly answered = new Chain<Answered>();
  private looks: NodeJS.Timeout | undefined;
  private injector: ConnectionInjector | undefined;
  /** On which it listens. */
  port = 0;

  constructor(
    private readonly served: GrpcOptions['options'],
    private readonly bounds: GrpcBounds,
  ) {
    super(served);
  }

  override createClient(): Promise<Server> {
    const { access, certificates, errors, interceptors: further, peerKey, unfinished } = this.bounds;
    const interceptors = [
      callBounds(
        (peer, path) => this.called(peer, path),
        errors,
        guardGrpc(access, errors, peerKey),
        unfinished,
      ),
      ...further,
    ];
    const server = new Server({ ...this.served.channelOptions, interceptors });
    this.injector = server.createConnectionInjector(
      certificates ? new GrpcCredentials(certificates) : ServerCredentials.createInsecure(),
    );
    return Promise.resolve(server);
  }

  override async bindEvents(): Promise<void> {
    await super.bindEvents();
    const { address, connections, onRefused, lookup } = this.bounds;
    const hosts = await lookup(address.host);
    this.listeners = hosts.map(() => createServer({ noDelay: true }));
    this.requests = boundSockets(this.listeners, connections, onRefused);
    for (const listener of this.listeners) listener.on('connection', (socket) => this.connected(socket));
    this.looks = setInterval(() => this.look(), LOOK_MS).unref();
    await opens(this.listeners[0]!, hosts[0]!, address.port);
    this.port = (this.listeners[0]!.address() as AddressInfo).port;
    await openFurther(this.listeners.slice(1), hosts.slice(1), this.port);
  }

  override async close(): Promise<void> {
    clearInterval(this.looks);
    for (const listener of this.listeners) listener.close();
    await super.close();
  }

  private look(): void {
    endStalled(this.answered.all(), performance.now());
    this.bounds.untaken.look();
    this.bounds.unfinished.look();
  }

  private connected(socket: Socket): void {
    if (socket.destroyed) return;
    this.sockets.add(socket);
    this.injector?.injectConnection(socket);
  }

  private called(peer: Ends, path: string): Begun {
    const socket = this.sockets.between(peer);
    if (socket === undefined) return { socket, answers: () => undefined, ended: () => undefined };
    // A watch of the health needs no credential and may last for ever: it keeps no connection.
    const requests = path === HEALTH_WATCH ? undefined : this.requests;
    requests?.begin(socket);
    let answered: Answered | undefined;
    const answers = (): void => {
      this.answered.add((answered = new Answered(socket, performance.now())));
    };
    const ended = (): void => {
      requests?.end(socket);
      answered?.leave();
    };
    return { socket, answers, ended };
  }
}
