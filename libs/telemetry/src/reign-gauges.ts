import { Gauge, type Registry } from 'prom-client';

/** Whether this process decides, and in which term; read at each scrape. `termOf` is null where another process decides, or none. */
export function addReignGauges(registry: Registry, termOf: () => number | null): void {
  const gauge = (name: string, help: string, read: (term: number | null) => number): Gauge =>
    new Gauge({
      name: `berth_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(termOf()));
      },
    });
  gauge('leader', 'Whether this process decides.', (term) => (term === null ? 0 : 1));
  gauge(
    'term',
    'The number of the present reign; 0 while this process does not decide.',
    (term) => term ?? 0,
  );
}
