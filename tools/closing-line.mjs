/**
 * `node tools/closing-line.mjs FAILED_STAGES RESULTS...` ends .ci/run: `N passed, N failed, N skipped` of all results that
 * Jest has left. A failed stage that no failed test explains counts as one more, and so does a run of Jest that did not
 * come to its end. Suites that passed at their second try are named before; where they are more than `MAX_FLAKY` each is
 * a failure. Status 1 unless all passed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { MAX_FLAKY } from './second-try.mjs';

const [failedStages, ...results] = process.argv.slice(2);
const counts = results.map(read);
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
const flaky = counts.flatMap((count) => count.flaky);
if (flaky.length > 0) console.log(`flaky, passed at the second try: ${flaky.join(', ')}`);
const tooFlaky = flaky.length > MAX_FLAKY ? flaky.length : 0;
const failures = Math.max(sum('failed') + tooFlaky, Number(failedStages));
console.log(`${sum('passed')} passed, ${failures} failed, ${sum('skipped')} skipped`);
process.exitCode = failures === 0 && sum('passed') > 0 ? 0 : 1;

function read(path) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0, flaky: [] };
  const told = JSON.parse(readFileSync(path, 'utf8'));
  return {
    passed: told.numPassedTests,
    failed: told.numFailedTests + told.numRuntimeErrorTestSuites,
    skipped: told.numPendingTests,
    flaky: told.flaky ?? [],
  };
}
