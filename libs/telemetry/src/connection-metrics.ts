import { Counter, type Registry } from 'prom-client';

/** Who calls and is not let in. */
export class ConnectionMetrics {
  private readonly refusals: Counter;

  constructor(registry: Registry) {
    this.refusals = new Counter({
      name: 'berth_http_connections_refused_total',
      help: 'HTTP connections closed as they came, since there were as many as there may be.',
      registers: [registry],
    });
  }

  refused(): void {
    this.refusals.inc();
  }
}
