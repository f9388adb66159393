import { isIPv6 } from 'node:net';
import { z } from 'zod';
import {
  type Address,
  ADDRESS_PATTERN,
  ADDRESS_RULE,
  addressText,
  isWildcard,
  parseAddress,
} from './address.js';
import type { Finding } from './errors.js';
import { isBeyondLoopback, type Listening } from './listening.js';
import type { NamedFiles } from './named-files.js';
import { secretLine } from './redis-schema.js';
import { name, text } from './rules.js';

const LEAST_KEY = 32;
const KEY_RULE = `must name a file with one line: a key of ${LEAST_KEY} to 1024 characters, the same for all peers`;
const URL_RULE = 'must be http:// or https:// and a host, and at most a port';

/** The section `peer`: this Berth among several. */
export const peerSchema = z.strictObject({
  name: name.exactOptional().describe('The name of this Berth among those of its fleet.'),
  http: text
    .refine(isBareUrl, { error: URL_RULE })
    .exactOptional()
    .describe('The URL by which the others reach our HTTP.'),
  grpc: z
    .string()
    .refine((value) => (parseAddress(value)?.port ?? 0) > 0, { error: ADDRESS_RULE })
    .meta({ pattern: ADDRESS_PATTERN })
    .exactOptional()
    .describe('The address by which the others reach our gRPC.'),
  keyFile: text.exactOptional().describe('A file with the key that peers present to each other.'),
  ca: text.exactOptional().describe('A file of the authorities of the certificates of the peers (PEM).'),
});

/** This Berth among several. */
export type PeerConfig = {
  /** Null: made of the name of the host and the port of gRPC. */
  readonly name: string | null;
  /** Null, as with `grpc`: where we listen. */
  readonly http: string | null;
  readonly grpc: string | null;
  /** What peers present to each other. */
  readonly key: string | null;
  /** PEM. */
  readonly ca: string | null;
};

/** The section with the files that it names. */
export function completePeer(
  { name: given, http, grpc, keyFile, ca }: z.infer<typeof peerSchema>,
  files: NamedFiles,
): PeerConfig {
  const keyIn = (content: string) => secretLine(content, LEAST_KEY);
  return {
    name: given ?? null,
    http: http ?? null,
    grpc: grpc ?? null,
    key: files.read(keyFile, ['peer', 'keyFile'], keyIn, KEY_RULE) ?? null,
    ca: files.readPem(ca, ['peer', 'ca']),
  };
}

/**
 * What several Berths on one Redis need: with `auth` a key, since peers are callers, too; and beyond loopback nothing of theirs
 * may pass in the clear, or from strangers.
 */
export function openPeerFindings(
  config: Listening & {
    readonly redis: object | null;
    readonly auth: object | null;
    readonly peer: PeerConfig;
  },
): Finding[] {
  if (config.redis === null) return [];
  if (!isBeyondLoopback(config)) {
    const isMissing = config.auth !== null && config.peer.key === null;
    const rule = 'is required where several Berths on Redis have auth';
    return isMissing ? [{ at: ['peer', 'keyFile'], rule }] : [];
  }
  const needs = (at: Finding['at'], isMissing: boolean, what = ''): Finding[] =>
    isMissing
      ? [{ at, rule: `is required${what} where several Berths on Redis listen beyond loopback` }]
      : [];
  return [
    ...needs(['auth'], config.auth === null),
    ...needs(['tls'], (config.tls?.pair ?? null) === null, ', with cert and key,'),
    ...needs(['peer', 'keyFile'], config.peer.key === null),
    ...needs(['peer', 'ca'], config.peer.ca === null),
  ];
}

/** What the other peers are told of this one. */
export interface PeerSelf {
  readonly peer: string;
  /** `host:port`. */
  readonly grpc: string;
  /** The base URL of HTTP. */
  readonly http: string;
}

/** What the other peers are told, once it is known where we listen. `hostName` stands for a wildcard address. */
export function peerSelf(
  peer: PeerConfig,
  listening: { readonly http: Address; readonly grpc: Address; readonly isTls: boolean },
  hostName: string,
): PeerSelf {
  const reached = ({ host, port }: Address): string =>
    addressText({ host: isWildcard(host) ? hostName : host, port });
  const scheme = listening.isTls ? 'https' : 'http';
  return {
    peer: peer.name ?? nameOf(hostName, listening.grpc.port),
    grpc: peer.grpc ?? reached(listening.grpc),
    http: peer.http ?? `${scheme}://${reached(listening.http)}`,
  };
}

function nameOf(hostName: string, port: number): string {
  const made = hostName.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${(made === '' ? 'berth' : made).slice(0, 100)}-${port}`;
}

function isBareUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password, pathname, search, hash, hostname } = new URL(value);
  const isBare = username === '' && password === '' && search === '' && hash === '' && pathname === '/';
  return isBare && (hostname.includes(':') ? isIPv6(hostname.slice(1, -1)) : hostname !== '');
}
