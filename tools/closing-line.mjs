/**
 * `node tools/closing-line.mjs FAILED_STAGES` ends .ci/run: `N passed, N failed, N skipped` of the fast set and of the
 * long suites together. A failed stage that no failed test explains counts as one more, and so does a set that was not
 * played to its end. Status 1 unless all passed.
 */
import { readCounts } from './jest.mjs';

const SETS = ['test', 'long'];

const failedStages = Number(process.argv[2]);
const counts = SETS.map((set) => readCounts(set) ?? { passed: 0, failed: 1, skipped: 0 });
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
const failures = Math.max(sum('failed'), failedStages);
console.log(`${sum('passed')} passed, ${failures} failed, ${sum('skipped')} skipped`);
process.exitCode = failures === 0 && sum('passed') > 0 ? 0 : 1;
