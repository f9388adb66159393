import { Counter, type Registry } from 'prom-client';

/** Connections that are refused. */
export class ConnectionMetrics {
  private readonly refusals: Readonly<Record<'http' | 'grpc', Counter>>;

  constructor(registry: Registry) {
    const counter = (over: string, words: string): Counter =>
      new Counter({
        name: `berth_${over}_connections_refused_total`,
        help: `${words} connections closed as they came, since as many as there may be had a request.`,
        registers: [registry],
      });
    this.refusals = { http: counter('http', 'HTTP'), grpc: counter('grpc', 'gRPC') };
  }

  refused(over: 'http' | 'grpc'): void {
    this.refusals[over].inc();
  }
}
