import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Bound of requests of one connection that wait for the answer before theirs; with more the connection is closed. */
const MAX_HELD = 64;
/** Bounds of requests that wait on all connections together, and of their bytes. */
const MAX_HELD_IN_ALL = 4_096;
const MAX_HELD_BYTES = 16 * 1_024 * 1_024;
/** About what a name or a value of a header takes in memory beside its text. */
const STRING_BYTES = 64;
/**
 * A waiting request has a shorter body than this. Of a longer one Node stops reading the connection, and then it would not
 * be seen that the client has gone.
 */
const MAX_BODY_BYTES = 16 * 1_024;

/** What one connection is at. */
interface Line {
  current: ServerResponse | null;
  readonly held: Held[];
}

/** A request that waits. */
interface Held {
  readonly begin: () => void;
  readonly bytes: number;
}

/**
 * Serves one request of a connection at a time. Node hands over all requests that have come, and a client may send many
 * before it reads the first answer.
 */
export class RequestLine {
  private readonly lines = new WeakMap<Socket, Line>();
  private heldInAll = 0;
  private heldBytes = 0;

  /** Serves a request now, or once the requests before it have their answers. */
  enter(request: IncomingMessage, response: ServerResponse, serve: () => void): void {
    const { socket } = request;
    const line = this.lineOf(socket);
    const begin = (): void => {
      line.current = response;
      response.once('close', () => {
        line.current = null;
        // Other connections have their turn between two requests of this one.
        if (line.held.length > 0) setImmediate(() => this.next(line));
      });
      serve();
    };
    if (line.current === null && line.held.length === 0) return begin();
    const bytes = bytesOf(request);
    if (line.held.length >= MAX_HELD || isLong(request) || !this.hasRoomFor(bytes)) {
      return void socket.destroy();
    }
    line.held.push({ begin, bytes });
    this.count(1, bytes);
  }

  /**
   * Whether what is written now would not be the answer to what comes in now: a request that has come whole has no answer
   * yet, or an answer has begun.
   */
  isAtAnother(socket: Socket): boolean {
    const { current = null, held = [] } = this.lines.get(socket) ?? {};
    return held.length > 0 || (current !== null && (current.headersSent || current.req.complete));
  }

  private lineOf(socket: Socket): Line {
    const known = this.lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { current: null, held: [] };
    this.lines.set(socket, line);
    socket.once('close', () => {
      for (const { bytes } of line.held.splice(0)) this.count(-1, -bytes);
    });
    return line;
  }

  private next(line: Line): void {
    const first = line.held.shift();
    if (first === undefined) return;
    this.count(-1, -first.bytes);
    first.begin();
  }

  private hasRoomFor(bytes: number): boolean {
    return this.heldInAll < MAX_HELD_IN_ALL && this.heldBytes + bytes <= MAX_HELD_BYTES;
  }

  private count(requests: number, bytes: number): void {
    this.heldInAll += requests;
    this.heldBytes += bytes;
  }
}

const isLong = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || bodyBytes(headers) >= MAX_BODY_BYTES;

const bodyBytes = (headers: IncomingMessage['headers']): number => Number(headers['content-length'] ?? 0);

/** What a request takes in memory while it waits: its headers, its path and the body that it announces. */
const bytesOf = ({ rawHeaders, url = '', headers }: IncomingMessage): number =>
  rawHeaders.reduce((sum, text) => sum + text.length + STRING_BYTES, url.length + bodyBytes(headers));
