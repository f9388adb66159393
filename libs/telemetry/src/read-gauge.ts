import { Gauge, type Registry } from 'prom-client';

/** Adds a gauge that is read at each scrape. Its name begins with `berth_`. */
export function addReadGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    ...{ name: `berth_${name}`, help, registers: [registry] },
    collect() {
      this.set(read());
    },
  });
}
