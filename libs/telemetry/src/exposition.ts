import type { MetricValue, MetricValueWithName, Registry } from 'prom-client';

/** Samples that are written before other work has its turn. */
const SLICE = 250;

/** Prometheus' text format of all metrics of a registry, with pauses in which other work has its turn. */
export async function expositionOf(registry: Registry, pause: () => Promise<void>): Promise<string> {
  const metrics: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    const { help, type, values } = await registry.getSingleMetric(name)!.get();
    const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
    const samples: readonly MetricValueWithName<string>[] = values;
    for (const [nth, { metricName = name, labels, value }] of samples.entries()) {
      if (nth % SLICE === SLICE - 1) await pause();
      lines.push(`${metricName}${labelsText(labels)} ${valueText(value)}`);
    }
    metrics.push(lines.join('\n'));
    await pause();
  }
  return `${metrics.join('\n\n')}\n`;
}

function labelsText(labels: MetricValue<string>['labels']): string {
  const told = Object.entries(labels).map(([name, value]) => `${name}="${labelText(value)}"`);
  return told.length === 0 ? '' : `{${told.join(',')}}`;
}

const labelText = (value: string | number | undefined): string =>
  typeof value === 'string' ? escaped(value).replaceAll('"', '\\"') : String(value);

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Inf' : '+Inf';
}
