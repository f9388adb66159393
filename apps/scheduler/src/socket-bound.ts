import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { SocketsByAddress } from './sockets-by-address.js';

/** So long a connection has for its first request before it may have to give way. */
const GRACE_MS = 1_000;

/** Is told of the requests of each connection. */
export interface Requests {
  begin(socket: Socket): void;
  end(socket: Socket): void;
  /** The connections that have one. */
  sockets(): Iterable<Socket>;
}

/**
 * Bounds how many connections there are. Close to the bound, a new connection takes the place of one without a request:
 * the one silent for longest, or else the one that has had its answers for longest. So a client with many connections,
 * or with silent ones, keeps no probe out. Where all have a request, new ones are closed without an answer.
 */
export function boundSockets(
  servers: readonly Server[],
  most: number,
  onRefused: () => void,
  now = (): number => performance.now(),
): Requests {
  const resting = new Resting();
  const spare = Math.max(1, Math.floor(most / 100));
  let open = 0;
  const accept = (socket: Socket): void => {
    if (open >= most) {
      socket.destroy();
      return onRefused();
    }
    open += 1;
    if (open > most - spare) resting.first(now() - GRACE_MS)?.destroy();
    resting.connect(socket, now());
    socket.once('close', () => {
      open -= 1;
      resting.forget(socket);
    });
  };
  for (const server of servers) server.on('connection', accept);
  for (const server of servers) if (server instanceof TlsServer) followTls(server, resting);
  return resting;
}

/** Over TLS, requests come on a socket of their own, which takes the place of the one that it is on. */
function followTls(server: Server, resting: Resting): void {
  const under = new SocketsByAddress();
  server.on('connection', (socket: Socket) => under.add(socket));
  server.on('secureConnection', (socket: Socket) => {
    const raw = under.between(socket);
    if (raw === undefined) return;
    resting.replace(raw, socket);
    raw.once('close', () => resting.forget(socket));
  });
}

/** The connections without a request, in the order in which they began to have none. */
class Resting implements Requests {
  /** Of those that have not sent any: since when they are there. */
  private readonly silent = new Map<Socket, number>();
  private readonly answered = new Set<Socket>();
  /** How many requests each of the others has: they may come before the answers to those before them. */
  private readonly busy = new Map<Socket, number>();

  connect(socket: Socket, at: number): void {
    this.silent.set(socket, at);
  }

  /** Of a connection that has sent no request. */
  replace(socket: Socket, by: Socket): void {
    const since = this.silent.get(socket);
    if (since === undefined) return;
    this.silent.delete(socket);
    this.silent.set(by, since);
  }

  begin(socket: Socket): void {
    const has = this.busy.get(socket) ?? 0;
    this.forget(socket);
    this.busy.set(socket, has + 1);
  }

  end(socket: Socket): void {
    const left = (this.busy.get(socket) ?? 0) - 1;
    if (left > 0) this.busy.set(socket, left);
    else if (this.busy.delete(socket)) this.answered.add(socket);
  }

  sockets(): Iterable<Socket> {
    return this.busy.keys();
  }

  forget(socket: Socket): void {
    this.silent.delete(socket);
    this.answered.delete(socket);
    this.busy.delete(socket);
  }

  /** That has been silent since then, or else that has had its answers for longest. */
  first(silentSince: number): Socket | undefined {
    const [silent] = this.silent;
    const [answered] = this.answered;
    return silent && silent[1] <= silentSince ? silent[0] : answered;
  }
}
