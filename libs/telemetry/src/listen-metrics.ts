import { Gauge, type Registry } from 'prom-client';

/** How the ports are open to clients. */
export class ListenMetrics {
  private readonly certificate: Gauge;

  constructor(registry: Registry, isInsecure: boolean) {
    const insecure = new Gauge({
      name: 'berth_insecure_listen',
      help: '1 where clients on other machines may do all without a key (--insecure-listen); else 0.',
      registers: [registry],
    });
    insecure.set(isInsecure ? 1 : 0);
    this.certificate = new Gauge({
      name: 'berth_certificate_expires_timestamp_seconds',
      help: 'When the TLS certificate that is served expires, in seconds since 1970; 0 without TLS.',
      registers: [registry],
    });
  }

  /** `at` is in milliseconds since 1970. */
  certificateExpires(at: number): void {
    this.certificate.set(at / 1_000);
  }
}
