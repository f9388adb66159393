import type { z } from 'zod';
import { withoutKeys } from './rules.js';

/** One thing that is wrong: where, which rule it breaks and, for a file, the line. */
export type ConfigError = {
  readonly path: string;
  readonly rule: string;
  readonly line: number | null;
};

/** What a check hands back: the value in its proper type, or everything that is wrong with it. */
export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** Where in a document something stands: keys and positions in lists. */
export type Path = readonly (string | number)[];

/** A broken rule before its place is written out: what the checks of this library collect. */
export type Finding = { readonly at: Path; readonly rule: string };

/** How deep a document may be nested: checks walk it by recursion. */
export const MAX_DEPTH = 64;

/** Told where a request has no body and must have one. */
export const NO_BODY = 'a body is required';

/** Checks a value against a schema; the rules that were broken are found in plain words, all of them. */
export function findings(schema: z.ZodType, value: unknown, under: Path = []): Finding[] {
  const result = schema.safeParse(value, { error: plainRule });
  const issues = result.success ? [] : result.error.issues;
  if (issues.length > 0 && value === undefined && under.length === 0) return [{ at: [], rule: NO_BODY }];
  return [...issues.flatMap((issue) => findingsOf(issue, under)), ...hiddenKeys(value, under)];
}

/** Checks a value that came over the API: the value in its proper type, or all errors with their paths. */
export function check<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  const found = findings(schema, value);
  return found.length > 0 ? refuse(found) : { ok: true, value: schema.parse(value) };
}

/** A refusal that lists each finding once. `lineOf` tells the line where the document is known. */
export function refuse(
  found: readonly Finding[],
  lineOf: (at: Path) => number | null = () => null,
): { readonly ok: false; readonly errors: readonly ConfigError[] } {
  const errors = new Map<string, ConfigError>();
  for (const { at, rule: words } of found) {
    const [path, rule] = [oneLine(pathText(at)), oneLine(words)];
    errors.set(`${path} ${rule}`, { path, rule, line: lineOf(at) });
  }
  const lines = ({ line }: ConfigError) => line ?? Number.MAX_SAFE_INTEGER;
  return { ok: false, errors: [...errors.values()].sort((one, other) => lines(one) - lines(other)) };
}

/** The same errors where what was checked stands under a path. */
export function underPath(at: Path, errors: readonly ConfigError[]): readonly ConfigError[] {
  const above = oneLine(pathText(at));
  return errors.map(({ path, ...rest }) => {
    const joint = path === '' || path.startsWith('[') ? '' : '.';
    return { ...rest, path: `${above}${joint}${path}` };
  });
}

/** One line for people: `berth.yaml:12: models.fraud.gpuMemoryLimitMb must be ...`. */
export function formatError(error: ConfigError, filePath?: string): string {
  const place = error.line === null || filePath === undefined ? '' : `${filePath}:${error.line}: `;
  return error.path === '' ? `${place}${error.rule}` : `${place}${error.path}: ${error.rule}`;
}

/** Writes a path as one would in JavaScript: `servers[0].grpc`, `models["a.b"].class`. A flag stays as it is. */
function pathText(path: Path): string {
  if (String(path[0]).startsWith('--')) return path.join(' ');
  return path.map(stepText).join('').replace(/^\./, '');
}

/** Names in what is checked may hold line ends, or a key that was put at the wrong place; a message is one line without it. */
function oneLine(text: string): string {
  return withoutKeys(text.replaceAll(/\p{Cc}+/gu, ' '));
}

function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[A-Za-z0-9_-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** zod passes over `__proto__` where keys are free, and what is passed over would be ignored. */
function hiddenKeys(value: unknown, at: Path): Finding[] {
  if (typeof value !== 'object' || value === null || at.length > MAX_DEPTH + 8) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]): Finding[] => {
    const below = [...at, Array.isArray(value) ? Number(key) : key];
    if (key === '__proto__') return [{ at: below, rule: 'is not a known key' }];
    return hiddenKeys(inner, below);
  });
}

function findingsOf(issue: z.core.$ZodIssue, under: Path): Finding[] {
  const at = [...under, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ at: [...at, key], rule: 'is not a known key' }));
  }
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.find((issues) => issues.some(isInside));
    if (inner !== undefined) return inner.flatMap((one) => findingsOf(one, at));
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ at, rule: message }));
  return [{ at, rule: issue.message }];
}

/** Whether what is wrong is within the value: of the schemas of a union it then has the form of this one. */
const isInside = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'unrecognized_keys' || path.length > 0;

const EXPECTED: Readonly<Record<string, string>> = {
  array: 'must be a list',
  boolean: 'must be true or false',
  object: 'must be a mapping of keys to values',
  record: 'must be a mapping of keys to values',
  string: 'must be a string',
};

/** The rule for issues whose schema does not word its own. */
function plainRule(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined
      ? 'is required'
      : (EXPECTED[issue.expected] ?? `must be of type ${issue.expected}`);
  }
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  return undefined;
}
