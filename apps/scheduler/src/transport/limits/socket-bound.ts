import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { SocketsByAddress } from './sockets-by-address.js';

const signedIn = new WeakSet<Socket>();

/** Notes that a caller on this connection has signed in. */
export const noteSignedIn = (socket: Socket): void => void signedIn.add(socket);

/** Is told of the requests of each connection. */
export interface Requests {
  begin(socket: Socket): void;
  end(socket: Socket): void;
  /** The connections that have one. */
  sockets(): Iterable<Socket>;
}

/**
 * Bounds how many connections there are. At the bound, a new connection takes the place of one that has not signed in, the one
 * silent for longest, whether it has a request or not; or else of the one that has had its answers for longest. So strangers keep
 * no other caller out. Where all have signed in and have a request, new ones are closed without an answer.
 */
export function boundSockets(servers: readonly Server[], most: number, onRefused: () => void): Requests {
  const open = new Open();
  const accept = (socket: Socket): void => {
    if (open.size >= most && !open.giveWay()) {
      socket.destroy();
      return onRefused();
    }
    open.connect(socket);
    socket.once('close', () => open.forget(socket));
  };
  for (const server of servers) server.on('connection', accept);
  for (const server of servers) if (server instanceof TlsServer) followTls(server, open);
  return open;
}

/** Over TLS, requests come on a socket of their own, which takes the place of the one that it is on. */
function followTls(server: Server, open: Open): void {
  const under = new SocketsByAddress();
  server.on('connection', (socket: Socket) => under.add(socket));
  server.on('secureConnection', (socket: Socket) => {
    const raw = under.between(socket);
    if (raw === undefined) return;
    open.replace(raw, socket);
    raw.once('close', () => open.forget(socket));
  });
}

/** The open connections, but for those that give way. */
class Open implements Requests {
  /** How many requests each has: they may come before the answers to those before them. */
  private readonly requests = new Map<Socket, number>();
  /** Those that have not signed in, the one silent for longest first. */
  private readonly strangers = new Set<Socket>();
  /** Those that have signed in and have no request, by their last answers. */
  private readonly answered = new Set<Socket>();

  get size(): number {
    return this.requests.size;
  }

  connect(socket: Socket): void {
    this.requests.set(socket, 0);
    this.strangers.add(socket);
  }

  /** Of a connection that has sent no request. */
  replace(socket: Socket, by: Socket): void {
    if (!this.requests.has(socket)) return;
    this.forget(socket);
    this.connect(by);
  }

  begin(socket: Socket): void {
    this.count(socket, 1);
  }

  end(socket: Socket): void {
    this.count(socket, -1);
  }

  *sockets(): Iterable<Socket> {
    for (const [socket, has] of this.requests) if (has > 0) yield socket;
  }

  forget(socket: Socket): void {
    this.requests.delete(socket);
    this.strangers.delete(socket);
    this.answered.delete(socket);
  }

  /** Closes the connection that is first to go; says no where none is. */
  giveWay(): boolean {
    for (const socket of this.strangers) {
      if (!signedIn.has(socket)) break;
      this.strangers.delete(socket);
      if (this.requests.get(socket) === 0) this.answered.add(socket);
    }
    const [stranger] = this.strangers;
    const [answered] = this.answered;
    const first = stranger ?? answered;
    if (first === undefined) return false;
    this.forget(first);
    first.destroy();
    return true;
  }

  private count(socket: Socket, more: number): void {
    const has = this.requests.get(socket);
    if (has === undefined) return;
    this.requests.set(socket, has + more);
    this.answered.delete(socket);
    const wasStranger = this.strangers.delete(socket);
    if (wasStranger && !signedIn.has(socket)) this.strangers.add(socket);
    else if (has + more === 0) this.answered.add(socket);
  }
}
