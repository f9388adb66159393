import type { Logger } from 'pino';
import { type ConfigError, parseAddress, type ServerConfig } from '#config';

/** A key that says where headers go, or by what. */
export type KeyOfReach = 'grpc' | 'tls';

/** A server as it is called: without the headers of the file where some keys mislead them. */
export function keepHeaders(
  server: ServerConfig,
  inFile: ServerConfig | undefined,
): { readonly config: ServerConfig; readonly misleading: readonly KeyOfReach[] } {
  const misleading = inFile === undefined ? [] : keysThatMislead(server, inFile);
  const config = misleading.length === 0 ? server : { ...server, headers: {}, headersFile: null };
  return { config, misleading };
}

/**
 * The keys by which the headers that the file gives, in `headers` or in `headersFile`, would go to another address, or without
 * the TLS of the file. They may be secret, and the file alone says where they go. None where the API gave headers of its own.
 */
function keysThatMislead(server: ServerConfig, inFile: ServerConfig): readonly KeyOfReach[] {
  if (Object.keys(inFile.headers).length === 0 || server.headers !== inFile.headers) return [];
  const isMoved = addressOf(server) !== addressOf(inFile);
  const isOpened = inFile.tls !== null && server.tls !== inFile.tls;
  return [...(isMoved ? (['grpc'] as const) : []), ...(isOpened ? (['tls'] as const) : [])];
}

/** What is told of such keys where they are declared. */
export const misled = (path: string): Pick<ConfigError, 'path' | 'rule'> => ({
  path,
  rule: 'may be set in the file only, as the file gives headers for this server; or give headers, too',
});

/** Tells of servers that are called without the headers of the file, since the file says so later than the API. */
export function logMisled(
  servers: Iterable<{ readonly id: string; readonly misleading: readonly KeyOfReach[] }>,
  log: Pick<Logger, 'warn'>,
): void {
  for (const { id, misleading } of servers) {
    if (misleading.length > 0)
      log.warn({ server: id, keys: misleading }, `server ${id}: called without the headers of the file`);
  }
}

/** Addresses as they are compared, each worked out once: a write goes over those of all servers. */
const compared = new WeakMap<ServerConfig, string>();

/** Where a server is, as far as two addresses are told apart: host names know no capitals. */
export function addressOf(config: ServerConfig): string {
  const known = compared.get(config);
  if (known !== undefined) return known;
  const { host = '', port } = parseAddress(config.grpc) ?? {};
  const address = `${host.toLowerCase()}:${port}`;
  compared.set(config, address);
  return address;
}
