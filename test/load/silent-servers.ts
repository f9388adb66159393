import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Of so many servers one is an HTTP port, and one a name that nothing is known of; the others say nothing. */
const ONE_OF = 10;

/** Servers that will never be ready, on loopback. */
export interface SilentServers {
  /** As the configuration declares them. */
  readonly declared: readonly object[];
  /** How many connections to them are open now. */
  connections(): number;
  close(): void;
}

/** Opens ports that accept and never answer, among them ports of HTTP and names that cannot be resolved. */
export async function openSilentServers(count: number): Promise<SilentServers> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const listen = async (server: Server): Promise<string> => {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => {}).resume());
      socket.once('close', () => sockets.delete(socket));
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const addressOf = (nth: number): Promise<string> => {
    if (nth % ONE_OF === 1) return listen(createHttp((_, response) => response.end('hello')));
    if (nth % ONE_OF === 2) return Promise.resolve(`silent-${nth}.invalid:8001`);
    return listen(createServer());
  };
  const declared: object[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    declared.push({ id: `silent-${nth}`, grpc: await addressOf(nth), host: `silent-${nth}`, metrics: null });
  }
  return {
    declared,
    connections: () => sockets.size,
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
