import {
  startTritonSim,
  type RunningSim,
  type TritonSimOptions,
} from '../../apps/triton-sim/src/sim-server.js';

/** Simulated Tritons on loopback addresses of their own, all on the same ports, as pods of one service are. */
export interface TritonFleet {
  /** By address. */
  readonly tritons: ReadonlyMap<string, RunningSim>;
  /** The ports of all of them. */
  readonly ports: Readonly<Record<'grpc' | 'http' | 'metrics', number>>;
  close(): Promise<void>;
}

export async function startTritonFleet(
  addresses: readonly string[],
  options: Partial<TritonSimOptions> = {},
): Promise<TritonFleet> {
  const tritons = new Map<string, RunningSim>();
  let ports = { grpc: 0, http: 0, metrics: 0 };
  for (const address of addresses) {
    const at = (port: number): string => `${address}:${port}`;
    const where = { grpc: at(ports.grpc), http: at(ports.http), metrics: at(ports.metrics) };
    const triton = await startTritonSim({ speed: 10, id: `triton-${address}`, ...options, ...where });
    const { grpc, http, metrics } = triton.addresses;
    ports = { grpc: portOf(`http://${grpc}`), http: portOf(http), metrics: portOf(metrics) };
    tritons.set(address, triton);
  }
  return {
    tritons,
    ports,
    close: async () => void (await Promise.all([...tritons.values()].map((triton) => triton.close()))),
  };
}

const portOf = (url: string): number => Number(new URL(url).port);
