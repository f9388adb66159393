import { createServer } from 'node:net';
import { addressText, type Config } from '#config';
import { opens } from '../transport/addresses.js';

/** An address cannot be served on: most often another process does already. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
  constructor(what: 'HTTP' | 'gRPC', address: string, cause: unknown) {
    const { message } = cause as Error;
    const why = message.includes('EADDRINUSE') ? TAKEN : message;
    const flag = what.toLowerCase();
    super(
      `${what} cannot be served on ${address}: ${why} (--${flag} or BERTH_${flag.toUpperCase()} gives another)`,
      {
        cause,
      },
    );
  }
}

const TAKEN = 'a process listens there already';

/**
 * Refuses addresses that are taken, before anything has begun. The frameworks would refuse them too, but late, and each with
 * lines of its own.
 */
export async function checkAddresses({ http, grpc }: Pick<Config, 'http' | 'grpc'>): Promise<void> {
  for (const [what, address] of [
    ['HTTP', http],
    ['gRPC', grpc],
  ] as const) {
    const probe = createServer();
    await opens(probe, address.host, address.port).catch((cause: unknown) => {
      throw new CannotListen(what, addressText(address), cause);
    });
    await new Promise((closed) => probe.close(closed));
  }
}
