/**
 * Brings a clone to where it can run: dependencies as locked, sources compiled to `dist/`. Does nothing where
 * nothing changed. Plain Node: it runs before any dependency is there.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './lock.mjs';
import { run, seconds } from './processes.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const OLDEST_NODE = [20, 19];
const DIST = join(ROOT, 'dist');
const FINGERPRINT = join(DIST, '.sources');
const LOCK = join(ROOT, '.cache', 'set-up.lock');
const SOURCES = ['apps', 'libs', ...['load', 'simulation', 'checkers'].map((name) => join('test', name))];
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
/** They only end what hangs; a slow machine only takes longer. */
const INSTALL_MS = 900_000;
const BUILD_MS = 900_000;
/** Longer than an installation and a build can take. */
const LOCK_MS = INSTALL_MS + BUILD_MS + 10_000;

/** Set-up that cannot go on; the message is for the operator. */
class SetUpFailed extends Error {}

/** Installs and compiles. Ends the process with one line and status 1 where it fails. */
export function setUp() {
  return orEnd(async () => {
    if (isInstalled() && isBuilt()) return;
    await alone(async () => {
      if (!isInstalled()) await install();
      if (!isBuilt()) await build();
    });
  });
}

/** Installs only, for what reads the sources themselves. */
export function setUpTools() {
  return orEnd(async () => {
    if (isInstalled()) return;
    await alone(async () => {
      if (!isInstalled()) await install();
    });
  });
}

async function orEnd(work) {
  try {
    refuseOldNode();
    await work();
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    console.error(`berth: ${error.message}`);
    process.exit(1);
  }
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetUpFailed(`Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}`);
}

/** npm leaves a copy of what it installed in node_modules, and none while it is at work. */
function isInstalled() {
  const wanted = readJson(join(ROOT, 'package-lock.json'))?.packages ?? {};
  const found = readJson(join(ROOT, 'node_modules', '.package-lock.json'))?.packages;
  if (!found) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  );
}

async function install() {
  console.error('berth: installing dependencies (once; half a minute)');
  const started = performance.now();
  returnLent(join(ROOT, 'node_modules'));
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { code, output } = await run(command, [...first, ...args], {
    cwd: ROOT,
    capture: true,
    timeoutMs: INSTALL_MS,
  });
  if (code !== 0) throw new SetUpFailed(`npm ci failed:\n${output}`);
  console.error(`berth: dependencies installed in ${seconds(started)}`);
}

/** npm empties the folder behind a link, which is that of another checkout. */
function returnLent(folder) {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(folder);
}

function isBuilt() {
  return existsSync(FINGERPRINT) && readFileSync(FINGERPRINT, 'utf8') === fingerprint();
}

async function build() {
  console.error('berth: compiling');
  const started = performance.now();
  const before = fingerprint();
  rmSync(FINGERPRINT, { force: true });
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await run(
    process.execPath,
    [tsc, '--pretty', 'false', '-p', 'tsconfig.build.json'],
    {
      cwd: ROOT,
      capture: true,
      timeoutMs: BUILD_MS,
    },
  );
  if (code !== 0) throw new SetUpFailed(`tsc failed:\n${output}`);
  removeOrphans();
  writeFileSync(FINGERPRINT, before);
  console.error(`berth: compiled in ${seconds(started)}`);
}

/** Tells any change of the sources, also a file that went away or got an older date. */
function fingerprint() {
  const hash = createHash('sha1');
  const files = SOURCES.flatMap((folder) => filesUnder(join(ROOT, folder)));
  for (const path of [...files, ...SETTINGS.map((name) => join(ROOT, name))]) {
    if (!existsSync(path) || path.endsWith('.spec.ts')) continue;
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

/** What was compiled from a source that is no longer there must not be importable. */
function removeOrphans() {
  for (const path of filesUnder(DIST)) {
    if (!/\.m?js$/.test(path)) continue;
    const source = join(ROOT, path.slice(DIST.length)).replace(/\.js$/, '.ts');
    if (existsSync(source)) continue;
    rmSync(path);
    rmSync(`${path}.map`, { force: true });
  }
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Two set-ups at once would take each other's files away: the second waits for the first. */
async function alone(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  try {
    await takeLock(LOCK, LOCK_MS);
  } catch (error) {
    throw new SetUpFailed(error.message);
  }
  try {
    await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}
