import { Gauge, type Registry } from 'prom-client';

/** Whether what has to be stored is stored, read at each scrape. */
export function addStoreGauge(registry: Registry, isOk: () => boolean): void {
  new Gauge({
    name: 'berth_store_ok',
    help: '1 while the store takes writes; 0 from a failure on, until a write has succeeded.',
    registers: [registry],
    collect() {
      this.set(isOk() ? 1 : 0);
    },
  });
}
