import { availableParallelism } from 'node:os';
import { PATIENCE_MS } from './tools/patience.mjs';
import { SWC } from './tools/swc.mjs';

/**
 * The specs that `npm test` leaves out: they are the project `long`, all others are `fast`. The fast ones need nothing but what
 * npm installs.
 */
const LONG = [
  'libs/core/src/(fleet/indexes|observe/measure)\\.property\\.',
  'libs/config/src/read-config\\.property\\.',
  'libs/store-sqlite/src/damage\\.',
  'test/e2e/',
  'test/likeness/',
  'test/contract/(model-server\\.real|names\\.dnsmasq|rows\\.redis|warmups\\.(bullmq|embedded))\\.',
  'test/support/(real-triton|redis)\\.',
  'test/integration/(abuse|access\\.(attacks|busy|names)|alertmanager|alerts|api\\.(pressure|store)|audit-kill|berthctl(?!\\.(launcher|planning))|broken|canary\\.access|cancel|certificates|changed-server|connections|device-sets|discovery|durable|envoy|events|events-kill|first-start|frozen-triton|full-disk|full-fleet)\\.',
  'test/integration/(killed|long-leases|memory|named-files|needs-restart|never-seen|order-checks|peers|recorder|redis|same-everywhere|scaling|schemathesis|sim|stalled|store-kills|store-processes|tls|unit|unreached|warmups|watch|webhooks|young-server)\\.',
  'test/simulation/(hundred-seeds|peers/peers-hundred|leaving-server|planning|shrink|sim-crew|draw/unloads-at-once)\\.',
  'test/checkers/check-recording\\.',
  'tools/set-up\\.',
];

const project = {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/tools'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', SWC] },
  injectGlobals: false,
  // As the `imports` of package.json, but to the sources.
  moduleNameMapper: {
    '^#package\\.json$': '<rootDir>/package.json',
    '^#([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

export default {
  coverageProvider: 'v8',
  projects: [
    {
      ...project,
      displayName: 'fast',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: LONG.map((path) => `<rootDir>/${path}`),
    },
    { ...project, displayName: 'long', testRegex: LONG.map((path) => `/${path}.*spec\\.ts$`) },
  ],
  testSequencer: '<rootDir>/tools/longest-first.mjs',
  // What waits for a fact says which it is before Jest ends the test.
  testTimeout: PATIENCE_MS + 60_000,
  // Not all of the modules of a spec are given back when it ends.
  workerIdleMemoryLimit: '1GB',
  // On two cores a third one works while others wait for a Triton or a process.
  maxWorkers: availableParallelism() > 2 ? '50%' : 3,
};
