/**
 * `npm test [-- ARGUMENT...]`: sets up, then becomes Jest. Without arguments it plays the fast set; arguments are for Jest,
 * and all specs are there.
 */
import { installNodeVersions } from './node-versions/install.mjs';
import { installRealTriton } from './real-triton/install.mjs';
import { installSchemathesis } from './schemathesis/install.mjs';
import { setUp } from './set-up.mjs';
import { installStandardWebhooks } from './standard-webhooks/install.mjs';

const args = process.argv.slice(2);
await setUp();
expectAll([await installRealTriton()], 'NO REAL TRITON: what only it can prove is not tested here.');
if (args.length > 0) {
  expectAll(
    await installNodeVersions(),
    'NO OTHER NODE VERSIONS: that all goes the same way on them is not tested here.',
  );
  expectAll(
    [await installSchemathesis()],
    'NO SCHEMATHESIS: that the HTTP API answers as it is published is hardly tested here.',
  );
  expectAll(
    [await installStandardWebhooks()],
    'NO STANDARDWEBHOOKS FOR PYTHON: that it verifies what Berth signs is not tested here.',
  );
}
const { run } = await import('jest');
await run(args.length > 0 ? args : ['--selectProjects', 'fast']);

/** Suites that need what is missing skip themselves: fine on a small machine, not where it counts. */
function expectAll(installed, loss) {
  const missing = installed.filter(({ ok }) => !ok).map((one) => one.missing);
  if (missing.length === 0) return;
  console.error(`\n!!! ${loss} Missing: ${missing.join('; ')}\n`);
  if (process.env.CI !== 'true') return;
  console.error('berth: CI=true, so this is a failure');
  process.exit(1);
}
