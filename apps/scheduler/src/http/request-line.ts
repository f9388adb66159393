import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** So many requests of one connection may wait for the answer before theirs; with more the connection is closed. */
const MOST_HELD = 256;
/**
 * A waiting request has a shorter body than this. Of a longer one Node stops reading the connection, and then it would not
 * be seen that the client has gone.
 */
const LONGEST_HELD = 16 * 1_024;

/** What one connection is at. */
interface Line {
  current: ServerResponse | null;
  readonly held: (() => void)[];
}

/**
 * Serves one request of a connection at a time. Node hands over all requests that have come, and a client may send many
 * before it reads the first answer.
 */
export class RequestLine {
  private readonly lines = new WeakMap<Socket, Line>();

  /** Serves a request now, or once the requests before it have their answers. */
  enter({ socket, headers }: IncomingMessage, response: ServerResponse, serve: () => void): void {
    const line = this.lineOf(socket);
    const begin = (): void => {
      line.current = response;
      response.once('close', () => {
        line.current = null;
        // Other connections have their turn between two requests of this one.
        if (line.held.length > 0) setImmediate(() => line.held.shift()?.());
      });
      serve();
    };
    if (line.current === null && line.held.length === 0) return begin();
    if (line.held.length >= MOST_HELD || isLong(headers)) return void socket.destroy();
    line.held.push(begin);
  }

  /** The answer that the connection is at. */
  current(socket: Socket): ServerResponse | null {
    return this.lines.get(socket)?.current ?? null;
  }

  private lineOf(socket: Socket): Line {
    const known = this.lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { current: null, held: [] };
    this.lines.set(socket, line);
    socket.once('close', () => (line.held.length = 0));
    return line;
  }
}

const isLong = (headers: IncomingMessage['headers']): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) >= LONGEST_HELD;
