/** Breaks the core in small ways, one at a time, and counts which its specs notice: `npm run stryker -- placement/evict.ts`. */
export default {
  testRunner: 'in-process',
  plugins: ['./tools/stryker/runner.mjs'],
  coverageAnalysis: 'perTest',
  mutate: ['libs/core/src/**/*.ts', '!libs/core/src/**/*.spec.ts'],
  // One copy of the little that these specs need.
  ignorePatterns: ['**', '!package.json', '!tsconfig*.json', '!libs/**', '!test/**', '!tools/stryker/*.ts'],
  tempDirName: '.cache/stryker/sandbox',
  incrementalFile: '.cache/stryker/incremental.json',
  jsonReporter: { fileName: '.cache/stryker/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  reporters: ['progress-append-only', 'clear-text', 'json'],
  concurrency: 1,
  // A busy machine is no endless loop: that is told by how often it comes to the mutant.
  timeoutMS: 600_000,
  dryRunTimeoutMinutes: 30,
  allowEmpty: false,
};
