/** Which specs `npm test` leaves to `npm run test:all`. Every other spec is in the fast set. */

/** How a real Triton goes along with Berth is tried once in the fast set. */
const FAST_E2E = 'by-hand';

/** Regular expressions for paths, as Jest takes them. */
export const LONG = [
  'libs/core/src/(fleet/indexes|observe/measure|room/gaps|loading/slot-line|placement/(evict|moves))\\.property\\.',
  'libs/config/src/read-config\\.property\\.',
  'libs/embedded/src/damage\\.',
  `test/e2e/(?!${FAST_E2E}\\.)`,
  'test/likeness/',
  'test/contract/model-server\\.real\\.',
  'test/support/real-triton\\.',
  'test/integration/(abuse|changed-server|full-disk|full-fleet|long-leases|memory|named-files|same-everywhere|sim|stalled|store-kills)\\.',
  'test/simulation/(hundred-seeds|planning|shrink|sim-crew|draw/unloads-at-once)\\.',
  'test/checkers/check-recording\\.',
  'tools/set-up\\.',
];

/** What Jest is told to play: every spec is in exactly one of the two. */
export const FAST_SET = LONG.map((pattern) => `--testPathIgnorePatterns=${pattern}`);
export const LONG_SET = LONG.map((pattern) => `--testPathPatterns=${pattern}`);
