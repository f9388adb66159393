import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { parseHost } from '#config';

/** A host may have so many addresses in its certificate. */
const MOST_ADDRESSES = 100;

/**
 * The names under which clients may reach this process: localhost, the name of the host, the addresses of its interfaces, and
 * those that the configuration adds. Each is there once.
 */
export function ownNames(added: readonly string[]): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
  const usable = addresses.filter((address) => isIP(address) !== 0 && !isLinkLocal(address));
  const host = parseHost(hostname());
  return [
    ...new Set([
      'localhost',
      ...(host === undefined ? [] : [host]),
      ...usable.slice(0, MOST_ADDRESSES),
      ...added,
    ]),
  ];
}

/** Such an address means something on one link alone. */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);
