import type { FastifyRequest } from 'fastify';
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

/** Callers say the same few names again and again, and a URL is dear to take apart. */
const KNOWN_LOCAL = new Set<string>();
const MOST_KNOWN = 64;

function isLocal(url: string): boolean {
  if (KNOWN_LOCAL.has(url)) return true;
  if (!URL.canParse(url) || !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))) return false;
  if (KNOWN_LOCAL.size < MOST_KNOWN) KNOWN_LOCAL.add(url);
  return true;
}
