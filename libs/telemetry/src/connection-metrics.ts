import { Counter, type Registry } from 'prom-client';

/** Connections that are refused. */
export class ConnectionMetrics {
  private readonly refusals: Counter;

  constructor(registry: Registry) {
    this.refusals = new Counter({
      name: 'berth_http_connections_refused_total',
      help: 'HTTP connections closed as they came, since as many as there may be had a request.',
      registers: [registry],
    });
  }

  refused(): void {
    this.refusals.inc();
  }
}
