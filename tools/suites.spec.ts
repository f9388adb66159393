import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const FLAKY = 'flaky, passed at the second try: ';
const FOLDERS = ['apps', 'libs', 'test', 'tools'];

let fast: readonly string[];
let long: readonly string[];

beforeAll(async () => {
  [fast, long] = await Promise.all([specsOf('fast'), specsOf('long')]);
});

describe('the two sets of specs', () => {
  it('are all specs there are, each once', async () => {
    const found = await Promise.all(FOLDERS.map((one) => readdir(join(ROOT, one), { recursive: true })));
    const specs = found.flatMap((paths, at) => paths.map((path) => `${FOLDERS[at]}/${path}`)).filter(isSpec);
    expect([...fast, ...long].toSorted()).toEqual(specs.toSorted());
  });

  it('have no pattern of a long suite that finds none', async () => {
    const { stdout } = await node(JEST, '--showConfig');
    const [, { testRegex }] = (JSON.parse(stdout) as { configs: [object, { testRegex: string[] }] }).configs;
    const idle = testRegex.filter((pattern) => !long.some((path) => new RegExp(pattern).test(`/${path}`)));
    expect(idle).toEqual([]);
  });

  it.each([
    ['examples', /^libs\/core\/src\/step\.spec/],
    ['properties', /^libs\/core\/.*\.property\.spec/],
    ['seeds of the simulation', /^test\/simulation\/simulation\.spec/],
    ['the contract of the simulated Triton', /^test\/contract\/.*\.sim\.spec/],
    ['the service with a simulated Triton', /^test\/integration\/api\./],
    ['the rules of style', /^tools\/tidy\.spec/],
  ])('have in the fast one: %s', (_, kind) => {
    expect(fast.filter((path) => kind.test(path))).not.toEqual([]);
  });
});

describe('npm run check', () => {
  it('refuses what it does not know', async () => {
    expect(await node(join(ROOT, 'tools', 'check.mjs'), '--quick')).toEqual({ code: 2, stdout: '' });
  });
});

describe('the closing line of CI', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-closing-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['adds up both sets', 0, [counted(7, 0, 1), counted(3, 0, 1)], '10 passed, 0 failed, 2 skipped\n'],
    ['fails where a test has failed', 1, [counted(7, 0), counted(2, 1)], '9 passed, 1 failed, 0 skipped\n'],
    ['counts a stage that failed', 2, [counted(7, 0), counted(3, 1)], '10 passed, 2 failed, 0 skipped\n'],
    ['counts a set without an end', 0, [counted(7, 0), null], '7 passed, 1 failed, 0 skipped\n'],
    [
      'names flaky suites',
      0,
      [counted(7, 0, 0, ['a', 'b']), counted(3, 0, 0, ['c'])],
      `${FLAKY}a, b, c\n10 passed, 0 failed, 0 skipped\n`,
    ],
    [
      'fails for a fourth',
      0,
      [counted(7, 0, 0, ['a', 'b']), counted(3, 0, 0, ['c', 'd'])],
      `${FLAKY}a, b, c, d\n10 passed, 4 failed, 0 skipped\n`,
    ],
  ])('%s', async (name, failedStages, told, stdout) => {
    const results = told.map((_, at) => join(folder, `${name} ${at}`));
    for (const [at, path] of results.entries()) if (told[at]) await writeFile(path, told[at]);
    const script = join(ROOT, 'tools', 'closing-line.mjs');
    const code = stdout.includes(' 0 failed') ? 0 : 1;
    expect(await node(script, String(failedStages), ...results)).toEqual({ code, stdout });
  });
});

/** The part of Jest's results that is read. */
function counted(passed: number, failed: number, skipped = 0, flaky?: readonly string[]): string {
  const tests = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped };
  return JSON.stringify({ ...tests, numRuntimeErrorTestSuites: 0, flaky });
}

async function specsOf(project: string): Promise<string[]> {
  const { stdout } = await node(JEST, '--listTests', '--selectProjects', project);
  const paths = stdout.split('\n').filter(isSpec);
  return paths.map((path) => path.slice(ROOT.length));
}

async function node(...args: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return promisify(execFile)(process.execPath, args, { cwd: ROOT }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { readonly code: number; readonly stdout: string }) => ({ code, stdout }),
  );
}

const isSpec = (path: string): boolean => path.endsWith('.spec.ts');
