import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import {
  addressText,
  completeServer,
  type DiscoveryConfig,
  nameSchema,
  parseHost,
  type ServerConfig,
} from '#config';
import type { Place } from './dns-resolver.js';

/** The longest name of a host in DNS. */
const MAX_HOST_LENGTH = 253;

/** A place as it is compared: names in DNS know no capitals. Undefined where no server can be. */
export function readPlace({ host, port }: Place): Place | undefined {
  if (host.length > MAX_HOST_LENGTH + 1 || port < 1 || port > 65_535) return undefined;
  const plain = parseHost(host.toLowerCase().replace(/\.$/, ''));
  return plain === undefined ? undefined : { host: plain, port };
}

/** The id of the server at a place: host and port joined by `-`. */
export function serverIdAt({ host, port }: Place): string {
  const id = isIPv6(host) ? `ip6-${host.replaceAll(':', '-')}-${port}` : `${host}-${port}`;
  if (nameSchema.safeParse(id).success) return id;
  // Too long, or with a "_" at the beginning: what is cut off still tells two servers apart.
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return `${id.replace(/^_+/, '').slice(0, 100)}-${hash}`;
}

/** The server at a place, as the entry of the configuration says. */
export function serverAt(place: Place, { http, metrics, labels }: DiscoveryConfig): ServerConfig {
  const url = (port: number): string => `http://${addressText({ host: place.host, port })}`;
  return completeServer(serverIdAt(place), 'discovered', {
    grpc: addressText(place),
    http: http === null ? null : url(http),
    metrics: metrics === null ? null : `${url(metrics)}/metrics`,
    labels,
  });
}
