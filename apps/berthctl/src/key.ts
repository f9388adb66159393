import { randomBytes } from 'node:crypto';
import { hashOf, newKey } from '#access';
import { readConfig } from '#config';
import { Usage } from './failures.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

export interface KeyOptions {
  readonly role: string;
  readonly id?: string;
  readonly tenant?: string;
  readonly maxClass?: string;
  readonly maxLeaseMs?: number;
  readonly expires?: string;
}

/** `key new`: the key, which is shown this once, and the line with its hash. */
export async function newKeyOf({ terminal, isJson, now }: Work, options: KeyOptions): Promise<void> {
  const {
    role,
    id = `${role}-${randomBytes(4).toString('hex')}`,
    tenant,
    maxClass,
    maxLeaseMs,
    expires,
  } = options;
  const key = newKey(id);
  const granted = { role, tenant, maxClass, maxLeaseMs, expires };
  const config = withoutUnsaid({ id, hash: `sha256:${hashOf(key)}`, ...granted });
  const line = lineOf(config);
  refuseWrong(line);
  if (expires !== undefined && Date.parse(expires) <= now())
    throw new Usage('--expires must be in the future');
  terminal.out(isJson ? jsonLines({ key, config }) : [key, line]);
  if (!isJson)
    terminal.err([
      'The first line is the key: it is shown only now. The second one belongs to auth.keys of the configuration.',
    ]);
}

/** The rules are those of the configuration. */
function refuseWrong(line: string): void {
  const text = `auth: { keys: [${line}] }`;
  const read = readConfig({ file: { path: '', text }, env: {}, flags: { triton: [] } });
  const [error] = read.ok ? [] : read.errors;
  const option = error?.path
    .replace('auth.keys[0].', '--')
    .replaceAll(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
  if (error !== undefined) throw new Usage(`${option} ${error.rule}`);
}

/** A YAML flow mapping. What is free text is quoted, since `7` and `no` are no texts in YAML. */
function lineOf(config: Said): string {
  const entries = Object.entries(config).map(([name, value]) => {
    const isWord = name === 'role' || name === 'maxClass';
    return `${name}: ${isWord ? value : JSON.stringify(value)}`;
  });
  return `{ ${entries.join(', ')} }`;
}

type Said = Readonly<Record<string, string | number>>;

const withoutUnsaid = (config: Readonly<Record<string, string | number | undefined>>): Said =>
  Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
