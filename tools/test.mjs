/**
 * `npm test [-- ARGUMENT...]`: sets up and plays the fast set; with arguments, those are for Jest, and all specs are there.
 * `npm run test:all [-- --only-long]`: the fast set, then the long suites; or the long suites alone.
 */
import { join } from 'node:path';
import { jest } from './jest.mjs';
import { run } from './processes.mjs';
import { ROOT, setUp } from './set-up.mjs';
import { FAST_SET, LONG_SET } from './suites.mjs';

/** It only ends what hangs. */
const INSTALL_MS = 1_200_000;

const [isAll, isOnlyLong, ...others] = readArguments();
await setUp();
await install('real-triton', 'NO REAL TRITON: what only it can prove is not tested here.');
if (isAll || others.length > 0)
  await install(
    'node-versions',
    'NO OTHER NODE VERSIONS: that all goes the same way on them is not tested here.',
  );
if (others.length > 0) await play('test', others);
else {
  if (!isOnlyLong) await play('test', FAST_SET);
  if (isAll) await play('long', LONG_SET);
}

function readArguments() {
  const [first, ...rest] = process.argv.slice(2);
  if (first !== '--all') return [false, false, ...process.argv.slice(2)];
  if (rest.some((one) => one !== '--only-long')) {
    console.error('berth: test:all takes --only-long, and nothing else; npm test -- takes what Jest takes');
    process.exit(2);
  }
  return [true, rest.length > 0];
}

/** It has no end of its own: each test has one, and a slow machine only takes longer. */
async function play(name, args) {
  const { code, counts } = await jest(name, args);
  if (code !== 0 || !counts) process.exitCode = code || 1;
}

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
