import type { Server } from 'node:http';
import { boundSockets } from '../socket-bound.js';

/** Bounds how many connections there are over HTTP: see `boundSockets`. */
export function boundConnections(
  server: Server,
  most: number,
  onRefused: () => void,
  now?: () => number,
): void {
  const requests = boundSockets([server], most, onRefused, now);
  server.on('request', ({ socket }, response) => {
    requests.begin(socket);
    response.once('close', () => requests.end(socket));
  });
}
