import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { once, type RouteServerMessage } from '#contracts';
import type { DnsResolver } from '../../integrations/discovery/dns-resolver.js';
import { Refused } from '../../transport/errors/refused.js';

/** What Nest hands in: the resolver by which servers are found, too. */
export const DNS = Symbol('DnsResolver');
/** Bound of names that are looked up at a time. */
const MAX_NAMES = 10_000;
/** A name without a request is forgotten after so many rounds. */
const UNUSED_ROUNDS = 6;

interface KnownName {
  /** Null: it has none, or DNS has not answered yet. */
  address: string | null;
  /** The lookup that is under way. */
  asking: Promise<void> | null;
  unused: number;
}

/** The addresses of servers as Envoy wants them: `ip:port`, since a destination may not be a name. */
@Injectable()
export class Upstreams {
  private readonly known = new Map<string, KnownName>();

  constructor(@Inject(DNS) private readonly dns: DnsResolver) {}

  /** Where a server takes requests of a protocol; undefined: its name is looked up first. Refuses where it takes none. */
  at(server: RouteServerMessage, protocol: 'http' | 'grpc'): string | undefined {
    const [host, port] = placeOf(server, protocol);
    if (isIP(host) !== 0) return joined(host, port);
    const known = this.known.get(host);
    if (!known) return undefined;
    known.unused = 0;
    return known.address === null ? undefined : joined(known.address, port);
  }

  /** The same, once the name is looked up. Refuses where it has no address. */
  async found(server: RouteServerMessage, protocol: 'http' | 'grpc'): Promise<string> {
    const [host] = placeOf(server, protocol);
    await this.look(host);
    const address = this.at(server, protocol);
    if (address === undefined) throw noServer(`the name ${host} of server ${server.id} has no address`);
    return address;
  }

  /** Names are looked up again beside the requests. */
  @Interval(10_000)
  refresh(): void {
    for (const [host, known] of this.known) {
      if (known.unused++ < UNUSED_ROUNDS) void this.look(host);
      else this.known.delete(host);
    }
  }

  private look(host: string): Promise<void> {
    const known = this.known.get(host) ?? { address: null, asking: null, unused: 0 };
    if (!this.known.has(host) && this.known.size >= MAX_NAMES) return Promise.resolve();
    this.known.set(host, known);
    return (known.asking ??= this.ask(host, known).finally(() => (known.asking = null)));
  }

  /** What was known stands where DNS gives no answer. */
  private async ask(host: string, known: KnownName): Promise<void> {
    const found = await this.dns.addresses(host, AbortSignal.timeout(10_000)).catch(() => undefined);
    if (found && !found.includes(known.address ?? '')) known.address = found[0] ?? null;
  }
}

type Place = readonly [host: string, port: string];

/** A server is told as the same object as long as nothing of it has changed. */
const placesOf = once(({ grpc, http }: RouteServerMessage) => ({
  grpc: placeIn(`http://${grpc}`),
  http: http === null ? null : placeIn(http),
}));

function placeIn(text: string): Place {
  const { hostname, port } = new URL(text);
  return [hostname.replace(/^\[|\]$/g, ''), port || '80'];
}

function placeOf(server: RouteServerMessage, protocol: 'http' | 'grpc'): Place {
  const place = placesOf(server)[protocol];
  if (place === null) throw noServer(`server ${server.id} has no address for HTTP`);
  return place;
}

const joined = (host: string, port: string): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

const noServer = (detail: string): Refused => new Refused({ reason: 'no_server', detail, retryAfter: 1_000 });
