import { Counter, Gauge, Histogram, type Metric, type MetricValueWithName, type Registry } from 'prom-client';

/** Makes the metrics of one registry. The names of all begin with `berth_`. */
export class Instruments {
  constructor(private readonly registry: Registry) {}

  counter<Label extends string = never>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ ...this.about(name, help), labelNames });
  }

  gauge<Label extends string = never>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> {
    return new Gauge({ ...this.about(name, help), labelNames });
  }

  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ): Histogram<Label> {
    return new Histogram({ ...this.about(name, help), buckets, labelNames });
  }

  /**
   * Adds a metric that is counted elsewhere, by its samples at each scrape. To count with prom-client took a tenth of the CPU time
   * of a warm call (`npm run bench -- warm`): it makes texts of labels and bounds each time.
   */
  told(
    type: 'counter' | 'histogram',
    name: string,
    help: string,
    samples: (name: string) => MetricValueWithName<string>[],
  ): void {
    const about = { name: `berth_${name}`, help, type };
    const get = () => Promise.resolve({ ...about, values: samples(about.name) });
    this.registry.registerMetric({ ...about, get } as unknown as Metric);
  }

  /** Adds a gauge whose samples are made anew at each scrape. */
  collected(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (gauge: Gauge) => void | Promise<void>,
  ): void {
    const collect = function (this: Gauge): void | Promise<void> {
      this.reset();
      return read(this);
    };
    new Gauge({ ...this.about(name, help), labelNames, collect });
  }

  /** Adds a gauge that is read at each scrape. */
  read(name: string, help: string, read: () => number): void {
    this.collected(name, help, [], (gauge) => gauge.set(read()));
  }

  private about(name: string, help: string) {
    return { name: `berth_${name}`, help, registers: [this.registry] };
  }
}
