import { readFile } from 'node:fs/promises';
import { type ConfigError, formatError, nameSchema, readModelSpec, readYaml, underPath } from '#config';
import { Usage } from './failures.js';

/** What a file says of models, by name. Whether they are models as Berth has them is for Berth to say. */
export async function modelsIn(file: string): Promise<unknown> {
  const read = readYaml(await textOf(file));
  if (!read.ok) throw wrong(file, read.errors);
  const errors = documentErrors(read.value).map((error) => ({ ...error, line: read.lineOf([error.path]) }));
  const { models } = (read.value ?? {}) as { readonly models?: unknown };
  if (errors.length > 0) throw wrong(file, [...errors, ...modelErrors(models)]);
  return models;
}

/** The names of the models in a file. */
export async function namesIn(file: string): Promise<readonly string[]> {
  const models = await modelsIn(file);
  const isMapping = typeof models === 'object' && models !== null && !Array.isArray(models);
  const names = isMapping ? Object.keys(models) : [];
  if (names.length === 0) throw new Usage(`${file}: models must name a model at least`);
  return names;
}

/** A file that breaks rules of its own is not sent to Berth; what else is wrong with it is told here, as far as it is known here. */
function documentErrors(document: unknown): ConfigError[] {
  if (typeof document !== 'object' || document === null || !('models' in document)) {
    return [{ path: 'models', rule: 'is required: what is declared, by name', line: null }];
  }
  const others = Object.keys(document).filter((key) => key !== 'models');
  return others.map((path) => ({ path, rule: 'is not applied: only models are', line: null }));
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
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Usage(`${file} cannot be read: ${(error as Error).message}`);
  }
}
