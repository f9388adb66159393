import { resolve } from 'node:path';
import { z } from 'zod';
import { ADDRESS_RULE, type Address, isLoopback, parseAddress, parseHost } from './address.js';
import { DEFAULTS } from './defaults.js';
import type { Finding } from './errors.js';
import { listOf, notBeside, text, whereTyped } from './rules.js';
import { CERT_AND_KEY_RULE } from './server-spec.js';

/** What HTTP and gRPC are served with over TLS. Paths are absolute. */
export type ServedTls = {
  /** The files of the certificate and of its key. Null: an authority of Berth's own signs one. */
  readonly pair: { readonly cert: string; readonly key: string } | null;
  /** The file of the authorities of client certificates. Null: no client is asked for one. */
  readonly clientCa: string | null;
};

/** Where HTTP and gRPC are served, and whether over TLS. */
export type Listening = {
  readonly http: Address;
  readonly grpc: Address;
  /** Null: in the clear. */
  readonly tls: ServedTls | null;
  /** More names under which clients call: host names and IP addresses. The certificate of the own authority is for them. */
  readonly names: readonly string[];
};

const PORT_RULE = ADDRESS_RULE.replace('from 1', 'from 0');
const HOST_RULE = 'must be an IP address or a host name, without a port: http and grpc give ports';
const TLS_RULE = 'must be off, or a mapping that may have off, cert and key, clientCa and names';

/** The address of one port. */
export const portSchema = z.string().refine((value) => parseAddress(value) !== undefined, PORT_RULE);

/** A host without a port. */
export const hostSchema = z.string().refine((value) => parseHost(value) !== undefined, HOST_RULE);

const BESIDE_CERT_RULE = 'must not be given beside cert, which has names of its own';

const tlsKeys = z.strictObject({
  off: z.literal(true).exactOptional().describe('As `off`, with names for `--insecure-listen`.'),
  cert: text
    .exactOptional()
    .describe('File of our certificate and those between it and its authority (PEM).'),
  key: text.exactOptional().describe('File of the key of our certificate (PEM).'),
  clientCa: text.exactOptional().describe('File of the authorities of client certificates (PEM).'),
  names: listOf(hostSchema, 100)
    .exactOptional()
    .describe('More names under which clients call, also for the certificate that Berth makes by itself.'),
});

/** The section `tls`. */
export const tlsSchema = z.union(
  [
    z.literal('off'),
    tlsKeys
      .check(notBeside('cert', 'off'), notBeside('key', 'off'), notBeside('clientCa', 'off'))
      .refine(({ off, cert, key }) => off || (cert === undefined) === (key === undefined), {
        error: CERT_AND_KEY_RULE,
        when: whereTyped('off'),
      })
      .check(notBeside('names', 'cert', BESIDE_CERT_RULE)),
  ],
  { error: TLS_RULE },
);

/** What one source (the file, the environment, the flags) says of addresses, as it was written. */
export type SaidAddresses = {
  readonly listen?: string | null | undefined;
  readonly http?: string | undefined;
  readonly grpc?: string | undefined;
};

/**
 * Where Berth listens: a later source overrides an earlier one. `listen` gives the host of both ports, `http` and `grpc` of
 * the same source override it. Throws where an address is none.
 */
export function listeningOf(
  sources: readonly SaidAddresses[],
  tls: z.infer<typeof tlsSchema> | undefined,
  folder: string,
): Listening {
  const first = { http: addressOf(DEFAULTS.http), grpc: addressOf(DEFAULTS.grpc) };
  const { http, grpc } = sources.reduce(overridden, first);
  const names = tls === 'off' ? [] : (tls?.names ?? []).map((name) => parseHost(name) ?? name);
  return { http, grpc, tls: servedTls(tls, isBeyondLoopback({ http, grpc }), folder), names };
}

type Addresses = Pick<Listening, 'http' | 'grpc'>;

function overridden({ http, grpc }: Addresses, said: SaidAddresses): Addresses {
  const host = said.listen == null ? undefined : parseHost(said.listen);
  const at = (own: string | undefined, before: Address): Address =>
    own === undefined ? { ...before, host: host ?? before.host } : addressOf(own);
  return { http: at(said.http, http), grpc: at(said.grpc, grpc) };
}

/** Whether clients on other machines may reach a port. */
export const isBeyondLoopback = ({ http, grpc }: Addresses): boolean =>
  !isLoopback(http.host) || !isLoopback(grpc.host);

function servedTls(
  said: z.infer<typeof tlsSchema> | undefined,
  isOpen: boolean,
  folder: string,
): ServedTls | null {
  if (said === 'off' || said?.off || (said === undefined && !isOpen)) return null;
  const { cert, key, clientCa } = said ?? {};
  return {
    pair:
      cert === undefined || key === undefined
        ? null
        : { cert: resolve(folder, cert), key: resolve(folder, key) },
    clientCa: clientCa === undefined ? null : resolve(folder, clientCa),
  };
}

/** What the flag for open ports without authentication must agree on. */
export function insecureFindings({
  auth,
  ...addresses
}: Addresses & { readonly auth: object | null }): Finding[] {
  const at = ['--insecure-listen'];
  if (auth !== null) return [{ at, rule: 'must not be given beside auth' }];
  return isBeyondLoopback(addresses)
    ? []
    : [{ at, rule: 'must go with an address beyond loopback in listen, http or grpc' }];
}

/** The two ports must differ, where they are no free ones of the system's choice. */
export function sameFindings({ http, grpc }: Addresses): Finding[] {
  const isSame = http.port === grpc.port && http.host.toLowerCase() === grpc.host.toLowerCase();
  return isSame && http.port !== 0 ? [{ at: ['grpc'], rule: 'must not be the same address as http' }] : [];
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`an address was accepted that is none: ${text}`);
  return address;
}
