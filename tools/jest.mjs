/** Runs Jest on our sources and tells what it counted. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { ROOT } from './set-up.mjs';

const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** `name` is that of the file in `.cache` where the results are left. */
export async function jest(name, args, { timeoutMs, capture = false }) {
  const results = resultsOf(name);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(results, { force: true });
  const cli = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const workers = availableParallelism() > 2 ? '50%' : '2';
  const ours = [`--maxWorkers=${workers}`, '--json', `--outputFile=${results}`];
  const ended = await run(process.execPath, [...NODE_FLAGS, cli, ...ours, ...args], {
    cwd: ROOT,
    capture,
    timeoutMs,
  });
  return { ...ended, counts: readCounts(name) };
}

/** Undefined where Jest did not come to its end. */
export function readCounts(name) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(resultsOf(name), 'utf8'),
    );
    return {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
    };
  } catch {
    return undefined;
  }
}

function resultsOf(name) {
  return join(ROOT, '.cache', `${name}-results.json`);
}
