import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Stands for Jest: the suites of `failures.json` fail that many times more, and all others pass. */
const JEST = `
import { readFileSync, writeFileSync } from 'node:fs';
const failures = JSON.parse(readFileSync('failures.json', 'utf8'));
const args = process.argv.slice(2);
const chosen = args.includes('--runTestsByPath') ? [args[args.indexOf('--runTestsByPath') + 1]] : Object.keys(failures);
const testResults = chosen.map((path) => {
  const name = path.startsWith('/') ? path : process.cwd() + '/' + path;
  const key = name.slice(process.cwd().length + 1);
  const status = failures[key]-- > 0 ? 'failed' : 'passed';
  const hook = key.includes('hook') && status === 'failed';
  return { name, status, assertionResults: [{ status: hook ? 'passed' : status }, { status: 'pending' }] };
});
writeFileSync('failures.json', JSON.stringify(failures));
writeFileSync(args.find((arg) => arg.startsWith('--outputFile=')).slice(13), JSON.stringify({ testResults }));
process.exitCode = testResults.some(({ status }) => status === 'failed') ? 1 : 0;
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-second-try-'));
  await writeFile(join(folder, 'jest.mjs'), JEST);
});

afterEach(() => rm(folder, { recursive: true }));

describe('a suite that failed', () => {
  it('is played once more, alone, and is flaky where it passes then', async () => {
    expect(await played({ 'a.spec.ts': 1, 'b.spec.ts': 0 })).toEqual({
      code: 0,
      flaky: ['a.spec.ts'],
      counts: [2, 0, 2, 0],
    });
  });

  it('has failed where it fails twice', async () => {
    expect(await played({ 'a.spec.ts': 2, 'b.spec.ts': 0 })).toEqual({
      code: 1,
      flaky: [],
      counts: [1, 1, 2, 0],
    });
  });

  it('is known by its hooks, too', async () => {
    expect(await played({ 'hook.spec.ts': 1 })).toEqual({
      code: 0,
      flaky: ['hook.spec.ts'],
      counts: [1, 0, 1, 0],
    });
    expect(await played({ 'hook.spec.ts': 2 })).toEqual({ code: 1, flaky: [], counts: [1, 0, 1, 1] });
  });

  it.each([
    'test/simulation/simulation.spec.ts',
    'libs/core/src/step.property.spec.ts',
    'test/integration/redis.chaos.spec.ts',
    'test/contract/rows.redis.spec.ts',
    'test/integration/access.attacks.spec.ts',
    'test/integration/abuse.spec.ts',
    'libs/access/src/tokens.spec.ts',
  ])('has no second try where it is %s', async (name) => {
    expect(await played({ [name]: 1 })).toEqual({ code: 1, flaky: [], counts: [0, 1, 1, 0] });
  });

  it('has none where more than three failed', async () => {
    const failures = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`${name}.spec.ts`, 1]));
    expect(await played(failures)).toEqual({ code: 1, flaky: [], counts: [0, 4, 4, 0] });
  });
});

/** Plays with suites that fail so many times: what is left in the results, as passed, failed, skipped and broken suites. */
async function played(failures: Readonly<Record<string, number>>): Promise<object> {
  await writeFile(join(folder, 'failures.json'), JSON.stringify(failures));
  const tool = [join(ROOT, 'tools', 'second-try.mjs'), 'results.json', process.execPath, 'jest.mjs'];
  const code = await promisify(execFile)(process.execPath, tool, { cwd: folder }).then(
    () => 0,
    (error: { readonly code: number }) => error.code,
  );
  const told = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as Results;
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, flaky = [] } = told;
  return {
    code,
    flaky,
    counts: [numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites],
  };
}

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly flaky?: readonly string[];
}
