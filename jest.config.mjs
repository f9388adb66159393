import { availableParallelism } from 'node:os';
import { PATIENCE_MS } from './tools/patience.mjs';

/**
 * The specs that `npm test` leaves out: they are the project `long`, all others are `fast`. How a real Triton goes along with
 * Berth is tried once in the fast set.
 */
const LONG = [
  'libs/core/src/(fleet/indexes|observe/measure|room/(best-plan|gaps)|loading/slot-line|placement/evict)\\.property\\.',
  'libs/config/src/read-config\\.property\\.',
  'libs/store-sqlite/src/damage\\.',
  'test/e2e/(?!by-hand\\.)',
  'test/likeness/',
  'test/contract/(model-server\\.real|names\\.dnsmasq|rows\\.redis|warmups\\.(bullmq|embedded))\\.',
  'test/support/(real-triton|redis)\\.',
  'test/integration/(abuse|access\\.(attacks|busy|names)|alertmanager|alerts|api\\.(pressure|store)|audit-kill|berthctl\\.(audit|packed|tls)|canary\\.access|cancel|certificates|changed-server|connections|device-sets|discovery|durable|first-start|frozen-triton|full-disk|full-fleet)\\.',
  'test/integration/(killed|long-leases|memory|named-files|needs-restart|never-seen|order-checks|peers|recorder|redis|same-everywhere|scaling|schemathesis|sim|stalled|store-kills|store-processes|telling|telling-kill|tls|unreached|warmups|watching|webhooks|young-server)\\.',
  'test/simulation/(hundred-seeds|peers/peers-hundred|leaving-server|planning|shrink|sim-crew|draw/unloads-at-once)\\.',
  'test/checkers/check-recording\\.',
  'tools/set-up\\.',
];

const project = {
  testEnvironment: '<rootDir>/tools/jest/environment.mjs',
  testRunner: '<rootDir>/tools/jest/play-spec.mjs',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/tools'],
  // What is played is read by Node itself; see tools/jest.
  transform: {},
  injectGlobals: false,
  // So that Jest knows, while it watches, which specs a changed file concerns.
  moduleNameMapper: {
    '^#([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

export default {
  projects: [
    {
      ...project,
      displayName: 'fast',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: LONG.map((path) => `<rootDir>/${path}`),
    },
    { ...project, displayName: 'long', testRegex: LONG.map((path) => `/${path}.*spec\\.ts$`) },
  ],
  testSequencer: '<rootDir>/tools/jest/sequencer.mjs',
  // What waits for a fact says which it is before Jest ends the test.
  testTimeout: PATIENCE_MS + 60_000,
  // Never in the process of Jest itself, which would keep old modules while it watches.
  workerIdleMemoryLimit: '1GB',
  // On two cores a third one works while others wait for a Triton or a process.
  maxWorkers: availableParallelism() > 2 ? '50%' : 3,
};
