import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { openFurther } from '../addresses.js';

/**
 * Serves HTTP on the further addresses of a host. The connections that come in there are the server's own, with its bounds and
 * its handlers. What it returns takes no more connections, and resolves when there are none left. Rejects where another process
 * listens on one of the addresses.
 */
export async function serveFurther(
  server: Server,
  hosts: readonly string[],
  port: number,
): Promise<() => Promise<void>> {
  const listeners = hosts.map(() =>
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  );
  const close = async (): Promise<void> => {
    const open = listeners.filter(({ listening }) => listening);
    await Promise.all(open.map((listener) => new Promise((closed) => listener.close(closed))));
  };
  await openFurther(listeners, hosts, port).catch((error: unknown) => {
    void close();
    throw error;
  });
  return close;
}
