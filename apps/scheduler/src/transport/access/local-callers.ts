import type { FastifyRequest } from 'fastify';
import { isIP } from 'node:net';
import { isLoopback } from '#config';
import { Refused } from '../errors/refused.js';

const FOREIGN = new Refused({
  reason: 'not_allowed',
  detail: 'requests come from this machine only: Host and Origin must be loopback names',
});

/**
 * Without authentication only this machine may call, and a web page in a browser on it is not this machine. So a foreign Origin
 * is refused, and a Host that is no loopback name, which is how a rebound DNS name looks.
 */
export function demandLocal({ headers: { host, origin } }: FastifyRequest): void {
  if (host !== undefined && !isLocal(`http://${host}`)) throw FOREIGN;
  if (origin !== undefined && !isLocal(origin)) throw FOREIGN;
}

const OF_ANOTHER = new Refused({
  reason: 'not_allowed',
  detail: 'Origin must be that of this Berth: web pages of others may not call',
});

const UNKNOWN_HOST = new Refused({
  reason: 'not_allowed',
  detail: 'Host must be an address, localhost, the name of the host of this Berth or one of tls.names',
});
const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{0,5})?$/;

/**
 * Without authentication, and with ports that are open to other machines, any client may call but a web page of another origin:
 * its browser may be on a network that its author cannot reach. A Host that is no name of ours is how a rebound DNS name looks.
 */
export function demandOwnName(
  { headers: { host, origin } }: FastifyRequest,
  isOwnName: (name: string) => boolean,
): void {
  const name = nameIn(host);
  if (name !== null && isIP(name) === 0 && !isOwnName(name)) throw UNKNOWN_HOST;
  if (origin === undefined) return;
  const own = URL.canParse(origin) ? `${new URL(origin).protocol}//${host}` : '';
  if (!URL.canParse(own) || new URL(own).host !== new URL(origin).host) throw OF_ANOTHER;
}

/** The name in a header `Host`, empty where it has none; null: there is no such header. */
function nameIn(host: string | undefined): string | null {
  if (host === undefined) return null;
  const [, inBrackets, plain = ''] = HOST.exec(host.toLowerCase()) ?? [];
  return inBrackets ?? plain;
}

/** Callers say the same few names again and again, and a URL is dear to take apart. */
const KNOWN_LOCAL = new Set<string>();
const MAX_KNOWN = 64;

function isLocal(url: string): boolean {
  if (KNOWN_LOCAL.has(url)) return true;
  if (!URL.canParse(url) || !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))) return false;
  if (KNOWN_LOCAL.size < MAX_KNOWN) KNOWN_LOCAL.add(url);
  return true;
}
