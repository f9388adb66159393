import { Gauge, type Registry } from 'prom-client';

/** Whether the ports are open to other machines without authentication. */
export function addListenGauge(registry: Registry, isInsecure: boolean): void {
  const gauge = new Gauge({
    name: 'berth_insecure_listen',
    help: '1 where clients on other machines may do all without a key (--insecure-listen); else 0.',
    registers: [registry],
  });
  gauge.set(isInsecure ? 1 : 0);
}
