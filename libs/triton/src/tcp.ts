import { connect } from 'node:net';

/** What became of an attempt to connect. `failed` is everything that does not tell whether a process listens. */
export type Attempt = 'accepted' | 'refused' | 'failed';

/** Opens a TCP connection to `host:port` and ends it at once. Never rejects. */
export function attemptConnection(address: string, withinMs: number, signal?: AbortSignal): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ ...hostAndPort(address), ...(signal && { signal }) });
    const end = (attempt: Attempt) => {
      socket.destroy();
      resolve(attempt);
    };
    socket.setTimeout(withinMs, () => end('failed'));
    socket.once('connect', () => end('accepted'));
    socket.on('error', (error) => end(isRefusal(error) ? 'refused' : 'failed'));
    socket.once('close', () => end('failed'));
  });
}

/** Splits `host:port`, where the host may be an IPv6 address in brackets. */
function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}

/** A name with several addresses is refused where each of them refuses. */
function isRefusal(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.every((each: Error) => isRefusal(each));
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}
