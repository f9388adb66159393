/**
 * `node tools/closing-line.mjs FAILED_STAGES` ends .ci/run: `N passed, N failed` of the last `npm test`, where a
 * failed stage that no failed test explains counts as one more. Status 1 unless all passed.
 */
import { readCounts } from './jest.mjs';

const failedStages = Number(process.argv[2]);
const { passed, failed, skipped } = readCounts('test') ?? { passed: 0, failed: 0, skipped: 0 };
const failures = Math.max(failed, failedStages);
console.log(`${passed} passed, ${failures} failed, ${skipped} skipped`);
process.exitCode = failures === 0 && passed > 0 ? 0 : 1;
