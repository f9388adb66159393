/**
 * `npm test [-- ARGUMENT...]`: installs what npm brings, then becomes Jest, with the fast set. `npm run test:all` also compiles and
 * installs what other suites need, and plays all. Arguments are for Jest.
 */
import { installEnvoy } from './envoy/install.mjs';
import { installNodeVersions } from './node-versions/install.mjs';
import { installRealTriton } from './real-triton/install.mjs';
import { installSchemathesis } from './schemathesis/install.mjs';
import { setUp, setUpTools } from './set-up.mjs';
import { installStandardWebhooks } from './standard-webhooks/install.mjs';

const ALL = '--all';

const all = process.argv.includes(ALL);
await (all ? setUpAll() : setUpTools());
// Jest starts its workers with the options of this process.
process.execArgv.push('--disable-warning=ExperimentalWarning');
const { run } = await import('jest');
const args = process.argv.slice(2).filter((one) => one !== ALL);
await run(all || args.includes('--selectProjects') ? args : [...args, '--selectProjects', 'fast']);

async function setUpAll() {
  await setUp();
  expectAll([await installRealTriton()], 'NO REAL TRITON: what only it can prove is not tested here.');
  expectAll(
    await installNodeVersions(),
    'NO OTHER NODE VERSIONS: that all goes the same way on them is not tested here.',
  );
  expectAll(
    [await installSchemathesis()],
    'NO SCHEMATHESIS: that the HTTP API answers as it is published is hardly tested here.',
  );
  expectAll([await installEnvoy()], 'NO ENVOY: that it goes where Berth says is not tested here.');
  expectAll(
    [await installStandardWebhooks()],
    'NO STANDARDWEBHOOKS FOR PYTHON: that it verifies what Berth signs is not tested here.',
  );
}

/** Suites that need what is missing skip themselves: fine on a small machine, not where it counts. */
function expectAll(installed, loss) {
  const missing = installed.filter(({ ok }) => !ok).map((one) => one.missing);
  if (missing.length === 0) return;
  console.error(`\n!!! ${loss} Missing: ${missing.join('; ')}\n`);
  if (process.env.CI !== 'true') return;
  console.error('berth: CI=true, so this is a failure');
  process.exit(1);
}
