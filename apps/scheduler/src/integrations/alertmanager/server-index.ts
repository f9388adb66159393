import { addressText, parseAddress, type ServerConfig } from '#config';

/** What is known of a server that an alert may be about. */
export type Addressed = Pick<ServerConfig, 'id' | 'grpc' | 'http' | 'metrics'>;

/** Finds servers by what labels of alerts say of them. */
export class ServerIndex {
  private readonly found = new Map<string, Set<string>>();

  constructor(servers: readonly Addressed[]) {
    for (const { id, grpc, http, metrics } of servers) {
      for (const address of [grpc, authorityOf(http), authorityOf(metrics)]) this.add(address, id);
    }
    // No name of a server has a colon, and every address has one.
    for (const { id } of servers) this.found.set(id, new Set([id]));
  }

  /** The servers that a text names, by their name or by the host and port of one of their addresses. */
  named(text: string): readonly string[] {
    return [...(this.found.get(text) ?? this.found.get(normal(text)) ?? [])];
  }

  private add(address: string | null, id: string): void {
    if (address === null) return;
    const key = normal(address);
    const ids = this.found.get(key);
    if (ids) ids.add(id);
    else this.found.set(key, new Set([id]));
  }
}

/** The host and port of a URL, also where the port is the one that the scheme implies. */
function authorityOf(url: string | null): string | null {
  if (url === null) return null;
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

/** One way to write an address: names in lower case, and an address of IPv6 as URLs have it. */
function normal(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) return text;
  const plain = addressText(address).toLowerCase();
  return plain.startsWith('[') ? `${new URL(`http://${plain}`).hostname}:${address.port}` : plain;
}
