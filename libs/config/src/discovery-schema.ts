import { isIP } from 'node:net';
import { z } from 'zod';
import { parseHost } from './address.js';
import { DISCOVERY_DEFAULTS } from './defaults.js';
import { labels, listOf, notBeside, seconds, unique, whereTyped, whole } from './rules.js';

const DNS_NAME_RULE =
  'must be a name in DNS of at most 253 characters; what has a fixed address belongs under servers';

const dnsName = z.string().refine(isDnsName, { error: DNS_NAME_RULE });
const port = () => whole(1, 65_535);

const entryKeys = z.strictObject({
  srv: dnsName.exactOptional().describe('The name of SRV records: each target and port is a server.'),
  host: dnsName
    .exactOptional()
    .describe('The name of A records, else of AAAA records: each address is a server.'),
  port: port().exactOptional().describe('The gRPC port of the servers found by `host`.'),
  http: port().nullable().exactOptional().describe('Their HTTP port, told to gateways. null: none.'),
  metrics: port().nullable().exactOptional().describe('The port where they tell their metrics. null: none.'),
  labels: labels.exactOptional().describe('The labels of the servers found.'),
  leaveSeconds: seconds(1, 86_400)
    .exactOptional()
    .describe('How long a server that is gone from DNS has to drain.'),
});

type EntryFile = z.infer<typeof entryKeys>;

const entrySchema = entryKeys
  .refine(({ srv, host }) => (srv === undefined) !== (host === undefined), {
    error: 'must have either srv, or host and port',
    when: whereTyped(),
  })
  .check(notBeside('port', 'srv', 'must not be given beside srv: its records tell the port'))
  .refine(({ srv, host, port: at }) => srv !== undefined || host === undefined || at !== undefined, {
    path: ['port'],
    error: 'is required beside host',
    when: whereTyped(),
  });

/** The section `discovery` as it is written. */
export const discoverySchema = listOf(entrySchema, 64).check(
  unique('must be unique: another entry asks for the same', ({ srv, host, port: at }: EntryFile) =>
    JSON.stringify([plain(String(srv)), plain(String(host)), at]),
  ),
);

/** What is asked of DNS: SRV records, or the addresses of a host and the port on each of them. */
export type DnsQuestion =
  | { readonly kind: 'srv'; readonly name: string }
  | { readonly kind: 'host'; readonly name: string; readonly port: number };

/** A name under which DNS tells of servers, and what is known of these before they are called. */
export type DiscoveryConfig = {
  readonly question: DnsQuestion;
  /** Ports; null: none. */
  readonly http: number | null;
  readonly metrics: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly leaveSeconds: number;
};

/** The section with its defaults. */
export function completeDiscovery(written: readonly EntryFile[]): DiscoveryConfig[] {
  return written.map(({ srv, host = '', port: at = 0, ...rest }) => {
    const question: DnsQuestion =
      srv === undefined ? { kind: 'host', name: plain(host), port: at } : { kind: 'srv', name: plain(srv) };
    return { question, ...DISCOVERY_DEFAULTS, labels: {}, ...rest };
  });
}

/** Names in DNS know no capitals, and may end with the dot of the root. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function isDnsName(text: string): boolean {
  const host = parseHost(plain(text));
  return host !== undefined && isIP(host) === 0;
}
