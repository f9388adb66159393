import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Server } from 'node:net';

/** The addresses of a host, the one to be served in any case first. Rejects where it has none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** As the system knows them; it may tell one twice. */
export const addressesOf: Lookup = async (host) => {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
};

/** Has a listener listen. Rejects where the address cannot be served. */
export async function opens(listener: Server, host: string, port: number): Promise<void> {
  listener.listen(port, host);
  await once(listener, 'listening');
  // What accepting may fail with later is no reason to end.
  listener.on('error', () => undefined);
}

/**
 * Has listeners listen on the further addresses of a host. An address that cannot be served is left out; rejects where another
 * process listens there already.
 */
export async function openFurther(
  listeners: readonly Server[],
  hosts: readonly string[],
  port: number,
): Promise<void> {
  const opened = await Promise.allSettled(
    listeners.map((listener, nth) => opens(listener, hosts[nth]!, port)),
  );
  const taken = opened.find((one) => one.status === 'rejected' && isTaken(one.reason));
  if (taken?.status === 'rejected') throw taken.reason;
}

const isTaken = (error: unknown): boolean => (error as { readonly code?: string }).code === 'EADDRINUSE';
