import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';

/** What became of a try to connect. */
export type Attempt =
  | 'accepted'
  /** No process listens. */
  | 'refused'
  /** The name of the host was not resolved in time. */
  | 'unresolvable'
  /** The host did not answer in time, or no way leads to it. */
  | 'unreachable'
  /** Greeted: the connection was accepted, and nothing was said in time. */
  | 'silent'
  /** Greeted: the connection was accepted and closed without a word. */
  | 'closed'
  /** Greeted: what was said is not HTTP/2, which gRPC is made of. */
  | 'not_grpc';

/** How a connection is tried. */
export interface TryOptions {
  /** Bounds the connecting, and after that the greeting. */
  readonly withinMs: number;
  /** Whether it counts as accepted only once it was answered as gRPC answers. Not possible where it is over TLS. */
  readonly greets?: boolean;
  /** Ends the try. No listener stays on it: it may outlive any number of tries. */
  readonly over?: AbortSignal;
}

/** Opens a TCP connection to `host:port`, and ends it when it is known what listens there. Never rejects. */
export function attemptConnection(address: string, options: TryOptions): Promise<Attempt> {
  const { withinMs, greets = false, over } = options;
  if (over?.aborted) return Promise.resolve('unreachable');
  const { host, port } = hostAndPort(address);
  return new Promise((resolve) => {
    // Not `connect({ signal })`: Node 20 leaves a listener on the signal for each socket that it connects.
    const socket = connect({ host, port, lookup: lookUp });
    let late: Attempt = isIP(host) === 0 ? 'unresolvable' : 'unreachable';
    let timer: NodeJS.Timeout | undefined;
    /** An event loop that was held up hears first of what came meanwhile. */
    const wait = (): void => {
      clearTimeout(timer);
      const mine = setTimeout(() => setImmediate(() => mine === timer && end(late)), withinMs);
      timer = mine;
    };
    wait();
    const end = (attempt: Attempt): void => {
      clearTimeout(timer);
      over?.removeEventListener('abort', cut);
      socket.destroy();
      resolve(attempt);
    };
    const cut = (): void => end('unreachable');
    over?.addEventListener('abort', cut);
    socket.once('lookup', (error: Error | null) => (late = error ? 'unresolvable' : 'unreachable'));
    socket.on('error', (error) => end(isConnected(late) ? 'closed' : failureOf(error)));
    socket.once('close', () => end(isConnected(late) ? 'closed' : late));
    socket.once('connect', () => {
      if (!greets) return end('accepted');
      late = 'silent';
      wait();
      greet(socket, end);
    });
  });
}

const isConnected = (late: Attempt): boolean => late === 'silent';

/** What begins a connection of HTTP/2: the preface, and SETTINGS that set nothing. */
const GREETING = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');
/** The first frame that comes back has its kind here, and is SETTINGS. */
const KIND_AT = 3;
const SETTINGS = 4;

function greet(socket: Socket, end: (attempt: Attempt) => void): void {
  let said = Buffer.alloc(0);
  socket.write(GREETING);
  socket.on('data', (part: Buffer) => {
    said = Buffer.concat([said, part]);
    if (said.length > KIND_AT) end(said[KIND_AT] === SETTINGS ? 'accepted' : 'not_grpc');
  });
}

/** Splits `host:port`, where the host may be an IPv6 address in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}

/** A name with several addresses is refused where each of them refuses. */
function failureOf(error: Error): Attempt {
  if (error instanceof AggregateError) {
    const isRefused = error.errors.every((each: Error) => failureOf(each) === 'refused');
    return isRefused ? 'refused' : 'unreachable';
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'getaddrinfo') return 'unresolvable';
  return code === 'ECONNREFUSED' ? 'refused' : 'unreachable';
}

const underWay = new Map<string, Promise<LookupAddress[]>>();

/** One look-up of a name at a time: those that hang cannot be ended, and must not pile up with the tries. */
const lookUp: LookupFunction = (host, options, tell) => {
  const found = underWay.get(host) ?? lookUpAnew(host, options);
  found.then(
    (all) => (options.all ? tell(null, all) : tell(null, all[0]!.address, all[0]!.family)),
    (error: NodeJS.ErrnoException) => tell(error, ''),
  );
};

function lookUpAnew(host: string, { hints }: LookupOptions): Promise<LookupAddress[]> {
  const found = lookup(host, { all: true, ...(hints !== undefined && { hints }) });
  underWay.set(host, found);
  const forget = (): void => void underWay.delete(host);
  found.then(forget, forget);
  return found;
}
