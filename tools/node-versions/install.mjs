/**
 * Puts other Node versions into `.node-versions/`, so that what must go the same way on all of them can be tried:
 * the official builds, as the npm packages `node-<platform>-<arch>` ship them (MIT).
 *
 *   node tools/node-versions/install.mjs     prints one line a version; exit code 0 when all can be used
 *
 * A second run only checks what the first one left.
 */
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone } from '../lock.mjs';
import { run } from '../run.mjs';

/** One of each line with long-term support that is not the oldest we run on. */
const VERSIONS = ['22.23.3', '24.21.0'];

const HOME = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '.node-versions');
const LOCK = join(HOME, 'install.lock');
const INSTALL_MS = 120_000;
const PROBE_MS = 60_000;

/** Installs those that are not there yet. Never throws for what this machine lacks: it says what is missing. */
export async function installNodeVersions() {
  if (installedNodeVersions().every(({ ok }) => ok)) return installedNodeVersions();
  return alone(LOCK, async () => {
    const lacking = installedNodeVersions().filter(({ ok }) => !ok);
    for (const { version } of lacking) await writeFile(complaint(version), await install(version));
    return installedNodeVersions();
  });
}

/** What is there, version by version; quick, and changes nothing. */
export function installedNodeVersions() {
  return VERSIONS.map((version) => {
    const path = executable(version);
    if (isThere(path)) return { ok: true, version, path };
    const missing =
      readText(complaint(version)) || 'it is not installed: node tools/node-versions/install.mjs';
    return { ok: false, version, missing };
  });
}

/** Answers with what is missing, if anything is. The executable is moved to its place once it has said its version. */
async function install(version) {
  const scratch = await mkdtemp(join(HOME, 'scratch-'));
  try {
    const name = `node-${process.platform}-${process.arch}`;
    const installed = await npmInstall(scratch, `${name}@${version}`);
    if (!installed.ok) return `${name}@${version} from npm (${firstLine(installed.said)})`;
    const found = join(scratch, 'node_modules', name);
    const answer = await run(join(found, 'bin', 'node'), ['--version'], { timeoutMs: PROBE_MS });
    if (answer.stdout.trim() !== `v${version}`)
      return `a Node ${version} that starts (${firstLine(answer.said)})`;
    await mkdir(dirname(executable(version)), { recursive: true });
    await copyFile(join(found, 'LICENSE'), join(HOME, version, 'LICENSE'));
    await rename(join(found, 'bin', 'node'), executable(version));
    return '';
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function npmInstall(folder, wanted) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  const args = [...first, 'install', '--prefix', folder, ...options, '--loglevel=error', wanted];
  return run(command, args, { cwd: folder, timeoutMs: INSTALL_MS });
}

function executable(version) {
  return join(HOME, version, 'node');
}

function complaint(version) {
  return join(HOME, `${version}.missing`);
}

function firstLine(said) {
  return said.trim().split('\n')[0];
}

function isThere(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readText(path) {
  return isThere(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const versions = await installNodeVersions();
  for (const { ok, version, missing } of versions)
    console.log(ok ? `Node ${version} is ready` : `Node ${version} is not available, missing: ${missing}`);
  process.exitCode = versions.every(({ ok }) => ok) ? 0 : 1;
}
