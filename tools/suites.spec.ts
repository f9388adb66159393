import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAST_SET, LONG, LONG_SET } from './suites.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['apps', 'libs', 'test', 'tools'];

let specs: readonly string[];

beforeAll(async () => {
  const found = await Promise.all(FOLDERS.map((one) => readdir(join(ROOT, one), { recursive: true })));
  specs = found.flatMap((paths, at) => paths.map((path) => `${FOLDERS[at]}/${path}`)).filter(isSpec);
});

describe('the two sets of specs', () => {
  it('are, as Jest reads them, all specs there are, each once', async () => {
    const [fast, long] = await Promise.all([chosenBy(FAST_SET), chosenBy(LONG_SET)]);
    expect([...fast, ...long].toSorted()).toEqual(specs.toSorted());
  });

  it.each(LONG)('find a long suite by the pattern %s', (pattern) => {
    expect(specs.filter((path) => new RegExp(pattern).test(path))).not.toEqual([]);
  });

  it.each([
    ['examples', /^libs\/core\/src\/step\.spec/],
    ['properties', /^libs\/core\/.*\.property\.spec/],
    ['seeds of the simulation', /^test\/simulation\/simulation\.spec/],
    ['the contract of the simulated Triton', /^test\/contract\/.*\.sim\.spec/],
    ['the service with a simulated Triton', /^test\/integration\/api\./],
    ['the processes with a real Triton', /^test\/e2e\//],
    ['the rules of style', /^tools\/tidy\.spec/],
  ])('have in the fast one: %s', (_, kind) => {
    const long = new RegExp(LONG.join('|'));
    expect(specs.filter((path) => kind.test(path) && !long.test(path))).not.toEqual([]);
  });
});

describe('the commands', () => {
  it.each([
    ['test.mjs', '--all', '--many'],
    ['check.mjs', '--quick'],
  ])('refuse what they do not know: %s', async (script, ...args) => {
    expect(await node(join(ROOT, 'tools', script), ...args)).toEqual({ code: 2, stdout: '' });
  });
});

describe('the closing line of CI', () => {
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'berth-closing-'));
    await cp(join(ROOT, 'tools'), join(project, 'tools'), { recursive: true });
    await mkdir(join(project, '.cache'));
  });

  afterAll(() => rm(project, { recursive: true, force: true }));

  it.each([
    ['adds up both sets', 0, counted(7, 0, 1), counted(3, 0, 1), '10 passed, 0 failed, 2 skipped\n'],
    ['fails where a test has failed', 1, counted(7, 0), counted(2, 1), '9 passed, 1 failed, 0 skipped\n'],
    ['counts a stage that failed', 2, counted(7, 0), counted(3, 1), '10 passed, 2 failed, 0 skipped\n'],
    ['counts a set without an end', 0, counted(7, 0), '', '7 passed, 1 failed, 0 skipped\n'],
  ])('%s', async (_, failedStages, fast, long, stdout) => {
    await writeFile(join(project, '.cache', 'test-results.json'), fast);
    await writeFile(join(project, '.cache', 'long-results.json'), long);
    const script = join(project, 'tools', 'closing-line.mjs');
    expect(await node(script, String(failedStages))).toEqual({
      code: stdout.includes(' 0 failed') ? 0 : 1,
      stdout,
    });
  });
});

/** The part of Jest's results that is read. */
function counted(passed: number, failed: number, skipped = 0): string {
  const tests = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped };
  return JSON.stringify({ ...tests, numRuntimeErrorTestSuites: 0 });
}

async function chosenBy(args: readonly string[]): Promise<string[]> {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const { stdout } = await node(jest, '--listTests', ...args);
  const paths = stdout.trim().split('\n');
  return paths.map((path) => path.slice(ROOT.length));
}

async function node(...args: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return promisify(execFile)(process.execPath, args, { cwd: ROOT }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { readonly code: number; readonly stdout: string }) => ({ code, stdout }),
  );
}

const isSpec = (path: string): boolean => path.endsWith('.spec.ts');
