import { join } from 'node:path';

/** Breaks the core in small ways, one at a time, and counts which its specs notice: `npm run stryker -- passes/evict.ts`. */
export default {
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    configFile: 'jest.config.mjs',
    config: {
      roots: ['<rootDir>/libs', '<rootDir>/test', '<rootDir>/tools'],
      testMatch: ['<rootDir>/tools/stryker/core.ts'],
      testEnvironment: join(import.meta.dirname, 'tools/stryker/environment.mjs'),
      testTimeout: 60_000,
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  mutate: ['libs/core/src/**/*.ts', '!libs/core/src/**/*.spec.ts'],
  // One copy of the little that these specs need.
  ignorePatterns: [
    '**',
    '!jest.config.mjs',
    '!package.json',
    '!tsconfig*.json',
    '!libs/**',
    '!test/**',
    '!tools/stryker/*.ts',
  ],
  tempDirName: '.cache/stryker/sandbox',
  incrementalFile: '.cache/stryker/incremental.json',
  jsonReporter: { fileName: '.cache/stryker/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  reporters: ['clear-text', 'json'],
  concurrency: 1,
  // A busy machine is no endless loop.
  timeoutMS: 120_000,
  allowEmpty: false,
};
