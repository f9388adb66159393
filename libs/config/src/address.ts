import { isIPv4, isIPv6 } from 'node:net';

/** Where something listens. `host` has no brackets, also for IPv6. */
export type Address = { readonly host: string; readonly port: number };

/** The rule an address must follow. */
export const ADDRESS_RULE = 'must be host:port with a port from 1 to 65535 (IPv6 in brackets: [::1]:8001)';

const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/;
/** What an address looks like, for schemas. */
export const ADDRESS_PATTERN = ADDRESS.source;

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$/;

/** Reads `host:port`, `1.2.3.4:port` or `[v6]:port`; undefined where it is none of them. */
export function parseAddress(text: string): Address | undefined {
  const parts = ADDRESS.exec(text);
  if (parts === null) return undefined;
  const [, six, plain, digits] = parts;
  const port = Number(digits);
  if (port > 65535) return undefined;
  if (six !== undefined) return isIPv6(six) ? { host: six, port } : undefined;
  return plain !== undefined && isHost(plain) ? { host: plain, port } : undefined;
}

/** Reads a host without a port: a name, `1.2.3.4`, `v6` or `[v6]`; undefined where it is none of them. */
export function parseHost(text: string): string | undefined {
  return parseAddress(isIPv6(text) ? `[${text}]:0` : `${text}:0`)?.host;
}

/** Writes an address back as `host:port`, IPv6 in brackets. */
export function addressText({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase();
  if (isIPv4(plain)) return plain.startsWith('127.');
  return plain === 'localhost' || (isIPv6(plain) && /^(0{0,4}:)*:?0{0,3}1$/.test(plain));
}

/** Whether a host stands for all addresses of this machine. */
export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** Digits and dots that are not an IPv4 address are a slip, not a name. */
function isHost(host: string): boolean {
  return /^[0-9.]+$/.test(host) ? isIPv4(host) : HOST_NAME.test(host);
}
