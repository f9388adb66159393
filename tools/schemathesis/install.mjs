/**
 * Puts Schemathesis into `.cache/schemathesis/`: it calls what an OpenAPI document publishes, and judges the answers by it. The
 * versions, its own and those that it needs, are in `requirements.txt`.
 *
 *   node tools/schemathesis/install.mjs     prints one line; exit code 0 when it can be used
 *
 * A second run only checks what the first one left.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { venv } from '../venv.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const packages = venv({
  name: 'Schemathesis',
  folder: 'schemathesis',
  wanted: join(HERE, 'requirements.txt'),
  script: 'tools/schemathesis/install.mjs',
});

/** Installs it unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export const installSchemathesis = () => packages.install();

/** What is installed; quick, and changes nothing. */
export const installedSchemathesis = () => packages.installed();

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await installSchemathesis();
  console.log(`Schemathesis is ${result.ok ? 'ready' : `not available, missing: ${result.missing}`}`);
  process.exitCode = result.ok ? 0 : 1;
}
