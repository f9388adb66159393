import { isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { parseHost } from '#config';

/** A host may have so many addresses in its certificate. */
const MAX_ADDRESSES = 100;

/**
 * The names under which clients may reach this process: localhost, the name of the host, the addresses of its interfaces, and
 * those that the configuration adds. Each is there once.
 */
export function ownNames(added: readonly string[]): readonly string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const addresses = interfaces.map(({ address }) => address).filter((address) => !isLinkLocal(address));
  const host = parseHost(hostname());
  const names = [
    'localhost',
    ...(host === undefined ? [] : [host]),
    ...addresses.slice(0, MAX_ADDRESSES),
    ...added,
  ];
  return [...new Set(names.map(plainName))].filter((name) => !name.includes('%'));
}

/** IPv6 in one form, without dots: certificates are made of that form alone. */
const plainName = (name: string): string => {
  const url = `http://[${name}]`;
  return isIPv6(name) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : name;
};

/** Such an address means something on one link alone. */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);
