import { type ConfigError, parseAddress, type ServerConfig } from '#config';

/**
 * Why a server may not be declared like that: the headers that the file names in `headersFile` would go to another address,
 * or without the TLS of the file. They may be secret, and the file alone says who gets them.
 */
export function fileHeadersElsewhere(
  after: ServerConfig,
  inFile: ServerConfig | undefined,
): Pick<ConfigError, 'path' | 'rule'>[] {
  if (!inFile || inFile.headersFile === null || after.headers !== inFile.headers) return [];
  const isMoved = addressOf(after) !== addressOf(inFile);
  const isOpened = inFile.tls !== null && after.tls !== inFile.tls;
  return [...(isMoved ? ['grpc'] : []), ...(isOpened ? ['tls'] : [])].map((path) => ({ path, rule: RULE }));
}

const RULE =
  'may be set in the file only, as the file names headersFile for this server; or give headers, too';

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
