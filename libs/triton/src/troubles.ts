import type { Trouble } from '#engine';
import { hostAndPort } from './tcp.js';

/** Ports that a Triton has by default and that are taken for that of gRPC. */
const OTHER_PORTS: Readonly<Record<number, string>> = { 8000: 'HTTP', 8002: 'metrics' };

/** What is told of a server to which there is no connection. `words` are those of the gRPC library. */
export function troubleOf(address: string, reason: Trouble['reason'], words = ''): Trouble {
  return { reason, detail: `${WORDS[reason](address, words)}${hintFor(address, reason)}` };
}

const WORDS: Readonly<Record<Trouble['reason'], (address: string, words: string) => string>> = {
  refused: (address) => `${address} refuses connections: no process listens there`,
  unresolvable: (address) => `the host name ${hostAndPort(address).host} cannot be resolved`,
  unreachable: (address) => `${address} cannot be reached: no connection came about within 2 s`,
  silent: (address) => `${address} accepts connections and says nothing: it is not gRPC, or it hangs`,
  closed: (address) => `${address} accepts connections and closes them at once: it is not gRPC`,
  not_grpc: (address) => `${address} does not speak gRPC`,
  no_handshake: (address, words) => `${address} accepts connections, but gRPC does not come about: ${words}`,
};

/** A port of Triton's that is not for gRPC tells what is meant. */
function hintFor(address: string, reason: Trouble['reason']): string {
  const { port } = hostAndPort(address);
  const kind = OTHER_PORTS[port];
  if (kind === undefined || !['silent', 'closed', 'not_grpc'].includes(reason)) return '';
  return `: port ${port} is Triton's ${kind} port; its gRPC port is usually 8001`;
}
