/** Runs Jest on our sources and tells what it counted. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { run } from './processes.mjs';
import { ROOT } from './set-up.mjs';

const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/**
 * `name` is that of the file in `.cache` where the results are left. With `capture`, `output` has what failed, or
 * all that Jest wrote where it did not come to its end.
 */
export async function jest(name, args, { timeoutMs, capture = false } = {}) {
  const results = resultsOf(name);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(results, { force: true });
  const cli = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  // On two cores a third one works while others wait for a Triton or a process.
  const workers = availableParallelism() > 2 ? '50%' : '3';
  const ours = [`--maxWorkers=${workers}`, '--json', `--outputFile=${results}`];
  const env = capture ? { ...process.env, FORCE_COLOR: '0' } : process.env;
  const ended = await run(process.execPath, [...NODE_FLAGS, cli, ...ours, ...args], {
    cwd: ROOT,
    env,
    capture,
    timeoutMs,
  });
  return { ...ended, output: failures(name) ?? ended.output, counts: readCounts(name) };
}

/** Undefined where Jest did not come to its end. */
export function readCounts(name) {
  const results = readResults(name);
  return (
    results && {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests,
    }
  );
}

function failures(name) {
  const failed = readResults(name)?.testResults.filter(({ status }) => status === 'failed');
  return failed?.map((suite) => `${relative(ROOT, suite.name)}\n${suite.message}`).join('\n');
}

function readResults(name) {
  try {
    return JSON.parse(readFileSync(resultsOf(name), 'utf8'));
  } catch {
    return undefined;
  }
}

function resultsOf(name) {
  return join(ROOT, '.cache', `${name}-results.json`);
}
