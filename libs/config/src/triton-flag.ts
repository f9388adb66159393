import { isIPv6 } from 'node:net';
import { addressText, parseAddress } from './address.js';

/** A server as `--triton` implies it. */
export type FlagServer = {
  readonly id: string;
  readonly grpc: string;
  readonly http: string;
  readonly metrics: string;
};

/** The rule a `--triton` flag must follow. */
export const TRITON_FLAG_RULE =
  'must be host:port with a port from 2 to 65534 (IPv6 in brackets: [::1]:8001)';

/** Reads `--triton host:port`: HTTP listens one port below, the metrics one above, as Triton's own defaults do. */
export function readTritonFlag(value: string): FlagServer | undefined {
  const address = parseAddress(value);
  if (address === undefined || address.port < 2 || address.port > 65534) return undefined;
  const { host, port } = address;
  const word = isIPv6(host) ? `ip6-${host.replaceAll(/[^0-9a-z.]/gi, '-')}` : host;
  return {
    id: `${word}-${port}`,
    grpc: addressText(address),
    http: `http://${addressText({ host, port: port - 1 })}`,
    metrics: `http://${addressText({ host, port: port + 1 })}/metrics`,
  };
}
