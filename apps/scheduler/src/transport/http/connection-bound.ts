import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { boundSockets } from '../limits/socket-bound.js';

/** An answer of which the client takes nothing for so long closes its connection. */
const UNTAKEN_MS = 30_000;
/** How often it is looked whether answers wait to be taken. */
const LOOK_MS = 5_000;

interface Times {
  /** In milliseconds, as is `lookMs`. */
  readonly untakenMs?: number;
  readonly lookMs?: number;
}

/**
 * Bounds how many connections there are over HTTP: see `boundSockets`. A connection whose client does not take its answer is
 * closed. The looks end with the server.
 */
export function boundConnections(
  server: Server,
  most: number,
  onRefused: () => void,
  { untakenMs = UNTAKEN_MS, lookMs = LOOK_MS }: Times = {},
): void {
  const requests = boundSockets([server], most, onRefused);
  server.on('request', ({ socket }, response) => {
    requests.begin(socket);
    response.once('close', () => requests.end(socket));
  });
  const looks = setInterval(() => timeUntaken(requests.sockets(), untakenMs), lookMs).unref();
  server.once('close', () => clearInterval(looks));
}

/**
 * Has Node time the connections with bytes that wait to be taken. Node's timer begins anew when the client has taken some of them,
 * and closes the connection when it runs out. A request that waits for its answer has no such timer.
 */
function timeUntaken(sockets: Iterable<Socket>, untakenMs: number): void {
  for (const socket of sockets) {
    const wanted = socket.writableLength > 0 ? untakenMs : 0;
    if ((socket.timeout ?? 0) !== wanted) socket.setTimeout(wanted);
  }
}
