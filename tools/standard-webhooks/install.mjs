/**
 * Installs `standardwebhooks` for Python: another program than ours that verifies what we sign. Its versions, and those of what it
 * needs, are in `requirements.txt`.
 *
 *   node tools/standard-webhooks/install.mjs     prints one line; exit code 0 when it can be used
 *
 * A second run only checks what the first one left.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { venv } from '../venv.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const packages = venv({
  name: 'standardwebhooks',
  folder: 'standard-webhooks',
  wanted: join(HERE, 'requirements.txt'),
  script: 'tools/standard-webhooks/install.mjs',
});

/** Installs it unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export const installStandardWebhooks = () => packages.install();

/** What is installed; quick, and changes nothing. */
export const installedStandardWebhooks = () => packages.installed();

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await installStandardWebhooks();
  console.log(`standardwebhooks is ${result.ok ? 'ready' : `not available, missing: ${result.missing}`}`);
  process.exitCode = result.ok ? 0 : 1;
}
