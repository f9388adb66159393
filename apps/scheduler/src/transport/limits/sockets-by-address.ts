import type { Socket } from 'node:net';

/** The two ends of a connection, as grpc-js and a socket tell them. */
export interface Ends {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Open connections by the addresses of their ends: some parts of Node and grpc-js tell these, and not the socket. */
export class SocketsByAddress {
  private readonly open = new Map<string, Socket>();

  /** It is known until it closes. A new connection may have got the same addresses before that: then that one stays known. */
  add(socket: Socket): void {
    const key = keyOf(socket);
    this.open.set(key, socket);
    socket.once('close', () => this.open.get(key) === socket && this.open.delete(key));
  }

  /** Undefined where none is open. */
  between(ends: Ends): Socket | undefined {
    return this.open.get(keyOf(ends));
  }
}

const keyOf = ({ localAddress, localPort, remoteAddress, remotePort }: Ends): string =>
  `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
