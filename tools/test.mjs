/**
 * `npm test`: sets up, sees to a real Triton and to other Node versions, runs every suite. What is added after `--`
 * goes to Jest.
 */
import { join } from 'node:path';
import { jest } from './jest.mjs';
import { run } from './processes.mjs';
import { ROOT, setUp } from './set-up.mjs';

/** All of it, the first installation left out. */
const TOTAL_MS = 560_000;
const INSTALL_MS = 300_000;

await setUp();
const started = performance.now();
await Promise.all([
  install('real-triton', 'NO REAL TRITON: what only it can prove is not tested here.'),
  install('node-versions', 'NO OTHER NODE VERSIONS: that all goes the same way on them is not tested here.'),
]);
const timeoutMs = TOTAL_MS - (performance.now() - started);
const { code, timedOut, counts } = await jest('test', process.argv.slice(2), { timeoutMs });
if (timedOut) console.error(`berth: the tests were ended after ${TOTAL_MS / 1000} s`);
process.exitCode = timedOut || !counts ? 1 : code;

/** Suites that need what is missing skip themselves: fine on a small machine, not where it counts. */
async function install(folder, loss) {
  const script = join(ROOT, 'tools', folder, 'install.mjs');
  const { code, output } = await run(process.execPath, [script], { capture: true, timeoutMs: INSTALL_MS });
  if (code === 0) return;
  console.error(`\n!!! ${loss} ${output.trim()}\n`);
  if (process.env.CI !== 'true') return;
  console.error('berth: CI=true, so this is a failure');
  process.exit(1);
}
