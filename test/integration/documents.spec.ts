import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { RIGHTS, ROLES } from '#access';
import { REFUSALS } from '#contracts';
import { USAGE } from '../../apps/scheduler/src/bootstrap/flags.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** A metric as `/metrics` tells it, or as the table does. */
interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

describe('what is published', () => {
  let world: World;
  let metrics: Metric[];

  beforeAll(async () => {
    world = await startWorld({ parts: { processMetrics: true } });
    await call(world, 'POST', '/v1/models/resnet50/resolve');
    metrics = metricsIn((await call(world, 'GET', '/metrics')).body);
  });

  afterAll(() => world.close());

  describe('docs/operations.md', () => {
    const rows = rowsOf(read('docs/operations.md'));
    const told = new Map(rows.map((row) => [row.name, row]));
    const ours = (): Metric[] => metrics.filter(({ name }) => name.startsWith('berth_'));

    it('has a row for every metric of a running scheduler, with its type', () => {
      const missing = ours().filter(({ name, type }) => told.get(name)?.type !== type);
      const words = ({ name, type, labels }: Metric): string =>
        `add to "Metrics" of docs/operations.md: | \`${name}\` | ${type} | ${cellOf(labels)} (of the samples so far) | UNIT | MEANING |`;
      expect(missing.map(words)).toEqual([]);
    });

    it('names every label that has been seen', () => {
      const wrong = ours().filter(({ name, labels }) =>
        labels.some((label) => !told.get(name)?.labels.includes(label)),
      );
      expect(wrong.map(({ name, labels }) => `the labels of ${name} are ${cellOf(labels)}`)).toEqual([]);
    });

    it('has no row for a metric that is gone', () => {
      const known = new Set(ours().map(({ name }) => name));
      expect(rows.filter(({ name }) => !known.has(name)).map(({ name }) => `take out ${name}`)).toEqual([]);
    });
  });

  it('deploy/prometheus-rules.yaml asks for metrics that there are', () => {
    const known = new Set(metrics.map(({ name }) => name));
    const exprs = rules().map(({ expr }) => expr);
    const asked = exprs.flatMap((expr) => expr.match(/\b(?:berth|nodejs|process)_[a-z0-9_]+/g) ?? []);
    const plain = asked.map((name) => name.replace(/_(?:bucket|count|sum)$/, ''));
    expect(plain.length).toBeGreaterThan(10);
    expect(plain.filter((name) => !known.has(name))).toEqual([]);
  });

  it('/openapi.json bounds every text, number and list that a caller may send', async () => {
    const { body } = await call(world, 'GET', '/openapi.json');
    expect(unboundedIn(body.paths)).toEqual([]);
  });
});

it('docs/operations.md says what to do about every alert', () => {
  const told = [...read('docs/operations.md').matchAll(/^\| `(Berth\w+)`/gm)].map(([, alert]) => alert);
  expect(told).toEqual(rules().map(({ alert }) => alert));
});

it('docs/api.md tells every reason of a refusal with its statuses', () => {
  const rows = [...read('docs/api.md').matchAll(/^\| `([a-z_]+)`\s*\| (\d{3})\s*\| `([A-Z_]+)`/gm)];
  const told = Object.fromEntries(rows.map(([, reason = '', http = '']) => [reason, Number(http)]));
  expect(told).toEqual(
    Object.fromEntries(Object.entries(REFUSALS).map(([reason, { http }]) => [reason, http])),
  );
});

it('docs/api.md says of each right which roles have it', () => {
  const guide = read('docs/api.md');
  const head = /^\| right +\|[^|]*\|(.*)\|$/m.exec(guide)?.[1] ?? '';
  const roles = head.split('|').map((role) => role.trim());
  const names = Object.keys(RIGHTS).join('|');
  const rows = [...guide.matchAll(new RegExp(`^\\| \`(${names})\` *\\|[^|]*\\|(.*)\\|$`, 'gm'))];
  const told = rows.map(([, right = '', marks = '']) => {
    const cells = marks.split('|').map((mark) => mark.trim());
    return [right, roles.filter((_, nth) => cells[nth] === 'x')];
  });
  expect(Object.fromEntries(told)).toEqual(RIGHTS);
  expect(roles).toEqual(ROLES);
});

it('docs/configuration.md has a row for every flag, with the variable that it overrides', () => {
  const rows = [...read('docs/configuration.md').matchAll(/^\| (?:`(BERTH_\w+)`)? *\| `--([a-z]+)/gm)];
  const told = rows.map(([, variable = '', flag = '']) => [flag, variable]);
  const flags = [...USAGE.matchAll(/^ +--([a-z]+)(?:.*\((BERTH_\w+))?/gm)];
  const known = flags.map(([, flag = '', variable = '']) => [flag, variable]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
});

function rules(): readonly { readonly alert: string; readonly expr: string }[] {
  const { groups } = parse(read('deploy/prometheus-rules.yaml')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return groups.flatMap((group) => group.rules);
}

/** Name, type and the labels of the samples, from Prometheus' text format. */
function metricsIn(text: string): Metric[] {
  return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => {
    const samples = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_count|_sum)?\\{(.*)\\}`, 'gm'))];
    const labels = samples.flatMap(([, set = '']) =>
      [...set.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
    );
    return { name, type, labels: [...new Set(labels)].filter((label) => label !== 'le').sort() };
  });
}

function rowsOf(guide: string): Metric[] {
  const rows = [...guide.matchAll(/^\| `(berth_\w+)` *\| (\w+) *\| ([^|]*)\|/gm)];
  return rows.map(([, name = '', type = '', labels = '']) => {
    return { name, type, labels: [...labels.matchAll(/`(\w+)/g)].map(([, label = '']) => label) };
  });
}

const cellOf = (labels: readonly string[]): string =>
  labels.length === 0 ? '-' : labels.map((label) => `\`${label}\``).join(', ');

type Node = Readonly<Record<string, unknown>> & { readonly name?: string };

/**
 * Where a schema of a parameter or body leaves a text, a number or a list without a bound, as paths. Triton's own config has
 * none but that of the body.
 */
function unboundedIn(paths: Readonly<Record<string, Readonly<Record<string, Node>>>>): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters, requestBody }]) =>
      [...((parameters ?? []) as Node[]), requestBody as Node | undefined].flatMap((sent) =>
        open(sent, `${method} ${path} ${sent?.name ?? 'body'}`),
      ),
    ),
  );
}

function open(node: unknown, at: string): string[] {
  if (typeof node !== 'object' || node === null || at.endsWith('.config')) return [];
  const parts = Object.entries(node).filter(([key]) => key !== 'anyOf' || !('maximum' in node));
  const inner = parts.flatMap(([key, value]) => open(value, `${at}.${key}`));
  return isOpen(node as Node) ? [at, ...inner] : inner;
}

function isOpen(node: Node): boolean {
  const has = (...keys: string[]): boolean => keys.some((key) => node[key] !== undefined);
  const types = [node['type']].flat();
  if (types.includes('string')) return !has('pattern', 'maxLength', 'enum', 'const', 'format');
  if (types.includes('integer') || types.includes('number')) return !has('maximum');
  return types.includes('array') && !has('maxItems');
}
