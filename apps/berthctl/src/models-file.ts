import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  check,
  type ConfigError,
  formatError,
  nameSchema,
  readModelSpec,
  readYaml,
  underPath,
} from '#config';
import { Usage } from './failures.js';

/** A server as a file declares it: its name, and what the API takes of it. */
const serversSchema = z.object({ servers: z.array(z.looseObject({ id: nameSchema })).default([]) });

/** What a file declares. Whether these are models and servers as Berth has them is for Berth to say. */
export interface Declared {
  /** By name; undefined where the file names none. */
  readonly models: unknown;
  readonly servers: readonly { readonly id: string }[];
}

/** Reads a YAML or JSON file; `-` is stdin. */
export async function declaredIn(file: string): Promise<Declared> {
  const read = readYaml(await textOf(file));
  if (!read.ok) throw wrong(file, read.errors);
  const listed = check(serversSchema, read.value ?? {});
  const broken = [...documentErrors(read.value), ...(listed.ok ? [] : listed.errors)];
  const errors = broken.map((error) => ({ ...error, line: read.lineOf([error.path]) }));
  const { models } = (read.value ?? {}) as { readonly models?: unknown };
  if (errors.length > 0 || !listed.ok) throw wrong(file, [...errors, ...modelErrors(models)]);
  return { models, servers: listed.value.servers };
}

/** What a file names: models, then servers. */
export async function namedIn(file: string): Promise<readonly [kind: 'models' | 'servers', name: string][]> {
  const { models, servers } = await declaredIn(file);
  const isMapping = typeof models === 'object' && models !== null && !Array.isArray(models);
  const names = isMapping ? Object.keys(models) : [];
  if (names.length + servers.length === 0)
    throw new Usage(`${file}: models or servers must name one at least`);
  return [
    ...names.map((name): ['models', string] => ['models', name]),
    ...servers.map(({ id }): ['servers', string] => ['servers', id]),
  ];
}

const APPLIED = ['models', 'servers'];

/** A file that breaks rules of its own is not sent to Berth; what else is wrong with it is told here, as far as it is known here. */
function documentErrors(document: unknown): ConfigError[] {
  const keys = typeof document === 'object' && document !== null ? Object.keys(document) : [];
  if (!APPLIED.some((key) => keys.includes(key)))
    return [{ path: 'models', rule: 'is required, or servers: what is declared', line: null }];
  const others = keys.filter((key) => !APPLIED.includes(key));
  return others.map((path) => ({ path, rule: 'is not applied: only models and servers are', line: null }));
}

function modelErrors(models: unknown): ConfigError[] {
  if (typeof models !== 'object' || models === null) return [];
  return Object.entries(models).flatMap(([name, spec]) => {
    const named = nameSchema.safeParse(name);
    const rules = named.success ? [] : named.error.issues.map(({ message }) => message);
    const misnamed = rules.map((rule) => ({ path: '', rule, line: null }));
    const checked = readModelSpec(name, spec);
    return underPath(['models', name], [...misnamed, ...(checked.ok ? [] : checked.errors)]);
  });
}

function wrong(file: string, errors: readonly ConfigError[]): Usage {
  const lines = errors.map((error) => (error.line === null ? `${file}: ` : '') + formatError(error, file));
  return new Usage(lines[0]!, lines.slice(1));
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file === '-' ? '/dev/stdin' : file, 'utf8');
  } catch (error) {
    throw new Usage(`${file} cannot be read: ${(error as Error).message}`);
  }
}
