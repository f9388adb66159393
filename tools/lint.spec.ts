import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** Lints one line each that would make core or engine depend on more than what they are told, and expects to be stopped. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OXLINT = join(ROOT, 'node_modules/oxlint/bin/oxlint');

/** What would make the same turns give other actions, in whichever of the two rings. */
const BREACHES: Readonly<Record<string, string>> = {
  'reads the wall clock': 'export const at = Date.now();',
  'makes a date': 'export const at = new Date();',
  'reads the monotonic clock': 'export const at = performance.now();',
  'imports a clock': "export { performance as clock } from 'node:perf_hooks';",
  'rolls dice': 'export const dice = Math.random();',
  'rolls dice by another name': 'const { random } = Math;\nexport const dice = random();',
  'rolls dice by a quoted name': "export const dice = Math['random']();",
  'asks for a random name': 'export const id = crypto.randomUUID();',
  'imports random bytes': "export { randomBytes } from 'crypto';",
  'reads the environment': "export const level = process.env['LEVEL'];",
  'imports the environment': "export { env } from 'node:process';",
  'asks the machine': "export { cpus } from 'node:os';",
  'goes round by the global object': "export const at = globalThis['Date'];",
  'sets a timer': 'setTimeout(() => undefined, 5);',
  'sets a timer that repeats': 'setInterval(() => undefined, 5);',
  'waits for the next tick': 'setImmediate(() => undefined);',
  'waits for a microtask': 'queueMicrotask(() => undefined);',
  'imports a timer': "export { setTimeout as sleep } from 'node:timers/promises';",
  'imports a timer when it is needed': "export const timers = () => import('timers');",
  'sorts by the locale': "export const order = 'a'.localeCompare('b');",
  'writes numbers by the locale': 'export const text = (1e6).toLocaleString();',
  'folds letters by the locale': "export const text = 'I'.toLocaleLowerCase();",
  'formats by the locale': "export const format = new Intl.NumberFormat('en');",
  'asks what was collected': 'export const weak = new WeakRef({});',
};

/** The engine has promises; the core is synchronous. */
const CORE_ONLY: Readonly<Record<string, string>> = {
  'makes a promise': 'export const done = Promise.resolve();',
  logs: "console.log('decided');",
};

const ALLOWED: Readonly<Record<string, string>> = {
  'libs/core/src/asserts.ts': "import assert from 'node:assert/strict';\nassert(Math.max(1, 2) > 1);\n",
  'libs/core/src/clock.spec.ts': 'export const at = performance.now() + Math.random();\n',
  'libs/core/src/sorts.ts': "export const order = ['b', 'a'].toSorted();\n",
  'libs/engine/src/promises.ts': 'export const done = Promise.resolve();\n',
  'libs/triton/src/dials.ts': 'export const at = performance.now();\nsetTimeout(() => undefined, 5);\n',
};

const cases = [
  ...Object.entries(BREACHES).flatMap(([what, text]) => [
    { ring: 'core', what, text },
    { ring: 'engine', what, text },
  ]),
  ...Object.entries(CORE_ONLY).map(([what, text]) => ({ ring: 'core', what, text })),
].map((one) => ({ ...one, path: `libs/${one.ring}/src/${one.what.replaceAll(' ', '-')}.ts` }));

let folder: string;
let found: readonly string[];

describe('the linter', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-lint-'));
    await layOut(folder);
    found = await lint(folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(cases)('stops a $ring that $what', ({ path }) => {
    expect(found.filter((one) => one.startsWith(`${path}: `))).not.toEqual([]);
  });

  it.each(Object.keys(ALLOWED))('lets pass what is meant to be: %s', (path) => {
    expect(found.filter((one) => one.startsWith(`${path}: `))).toEqual([]);
  });

  it('finds nothing but what these rules forbid', () => {
    expect(found.filter((one) => !one.includes(': eslint(no-restricted-'))).toEqual([]);
  });
});

async function layOut(root: string): Promise<void> {
  const files = [...cases.map(({ path, text }) => [path, `${text}\n`] as const), ...Object.entries(ALLOWED)];
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await copyFile(join(ROOT, '.oxlintrc.json'), join(root, '.oxlintrc.json'));
}

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

/** Each finding as `path: rule`. The linter exits with 1 where it finds something, as it must here. */
async function lint(root: string): Promise<readonly string[]> {
  const args = [OXLINT, '--format=json', '-c', '.oxlintrc.json', 'libs'];
  const run = promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 });
  const stdout = await run.then(
    (done) => done.stdout,
    (failed: { stdout: string }) => failed.stdout,
  );
  const { diagnostics } = JSON.parse(stdout) as Report;
  return diagnostics.map(({ code, filename }) => `${filename}: ${code}`);
}
