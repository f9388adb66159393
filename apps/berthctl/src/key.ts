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
  readonly expires?: string;
}

/** `key new`: the key, which is shown this once, and the line with its hash. */
export async function newKeyOf({ terminal, isJson, now }: Work, options: KeyOptions): Promise<void> {
  const { role, id = `${role}-${randomBytes(4).toString('hex')}`, tenant, maxClass, expires } = options;
  const key = newKey(id);
  const config = withoutUnsaid({ id, hash: `sha256:${hashOf(key)}`, role, tenant, maxClass, expires });
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
  if (error !== undefined) throw new Usage(`${error.path.replace('auth.keys[0].', '--')} ${error.rule}`);
}

/** A YAML flow mapping. What is free text is quoted, since `7` and `no` are no texts in YAML. */
function lineOf(config: Readonly<Record<string, string>>): string {
  const entries = Object.entries(config).map(([name, value]) => {
    const isWord = name === 'role' || name === 'maxClass';
    return `${name}: ${isWord ? value : JSON.stringify(value)}`;
  });
  return `{ ${entries.join(', ')} }`;
}

const withoutUnsaid = (config: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
