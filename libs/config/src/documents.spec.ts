import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configJsonSchema, configJsonSchemaText, keysOf } from './json-schema.js';

const SCHEMA = new URL('../../../docs/config.schema.json', import.meta.url);
const GUIDE = new URL('../../../docs/configuration.md', import.meta.url);

describe('docs/config.schema.json', () => {
  it('is what the schema says', () => {
    const published = readFileSync(SCHEMA, 'utf8');
    const hint = 'docs/config.schema.json is in step (if not: build, then `npm run schema` renews it)';
    expect([hint, ...published.split('\n')]).toEqual([hint, ...configJsonSchemaText().split('\n')]);
  });

  it('describes every key', () => {
    const mute = keysOf(configJsonSchema()).filter(
      ({ node }) => !JSON.stringify(node).includes('"description"'),
    );
    expect(mute.map(({ path }) => path)).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  const rows = readFileSync(GUIDE, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const defaults = new Map(rows.map(([, key, value]) => [key, value]));

  it('has a row for every key, with its default', () => {
    const wanted = keysOf(configJsonSchema()).map(
      ({ path, node }) => [rowOf(path), node['default']] as const,
    );
    const missing = wanted.filter(([key, value]) => !tells(defaults.get(`\`${key}\``), value));
    expect(missing).toEqual([]);
  });

  it('has no row for a key that is gone', () => {
    const known = new Set(keysOf(configJsonSchema()).map(({ path }) => `\`${path}\``));
    const told = rows.flatMap(([, key]) => (key !== undefined && /^`[a-z]/.test(key) ? [key] : []));
    expect(told.filter((key) => !known.has(key))).toEqual([]);
  });
});

/** A setting of a single model has the row of `defaults`. */
function rowOf(path: string): string {
  const inDefaults = path.replace(/^models\.\*/, 'defaults');
  return keysOf(configJsonSchema()).some((key) => key.path === inDefaults) ? inDefaults : path;
}

function tells(cell: string | undefined, value: unknown): boolean {
  if (cell === undefined) return false;
  return value === undefined || cell === `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
