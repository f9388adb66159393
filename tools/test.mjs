/**
 * `npm test [-- ARGUMENT...]`: sets up, then becomes Jest. Without arguments it plays the fast set; arguments are for Jest,
 * and all specs are there.
 */
import { installNodeVersions } from './node-versions/install.mjs';
import { installRealTriton } from './real-triton/install.mjs';
import { setUp } from './set-up.mjs';

const args = process.argv.slice(2);
await setUp();
say(await installRealTriton(), 'NO REAL TRITON: what only it can prove is not tested here.');
for (const one of args.length > 0 ? await installNodeVersions() : [])
  say(one, `NO NODE ${one.version}: that all goes the same way on it is not tested here.`);
const { run } = await import('jest');
await run(args.length > 0 ? args : ['--selectProjects', 'fast']);

/** Suites that need what is missing skip themselves: fine on a small machine, not where it counts. */
function say({ ok, missing }, loss) {
  if (ok) return;
  console.error(`\n!!! ${loss} Missing: ${missing}\n`);
  if (process.env.CI !== 'true') return;
  console.error('berth: CI=true, so this is a failure');
  process.exit(1);
}
