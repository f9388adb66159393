/**
 * Brings a clone to where it can run: dependencies as locked, sources compiled to `dist/`. Plain Node: it runs before any
 * dependency is there. `node tools/set-up.mjs` does it and ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone } from './lock.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const OLDEST_NODE = [20, 19];
const LOCK = join(ROOT, '.cache', 'set-up.lock');
/** What takes longer is announced. */
const UNNOTICED_MS = 2_000;

/** Set-up that cannot go on; the message is for the operator. */
class SetUpFailed extends Error {}

/** Installs and compiles. Ends the process with one line and status 1 where it fails. */
export function setUp() {
  return orEnd(async () => {
    await install();
    await build();
  });
}

/** Installs only, for what reads the sources themselves. */
export function setUpTools() {
  return orEnd(install);
}

async function orEnd(work) {
  try {
    refuseOldNode();
    // Two set-ups at once would take each other's files away: the second waits for the first.
    await (isWritable() ? alone(LOCK, work) : work());
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

/** A clone of another user can only be used as it is. */
function isWritable() {
  try {
    accessSync(ROOT, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function install() {
  if (isInstalled()) return;
  returnLent(join(ROOT, 'node_modules'));
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('installing dependencies (once; half a minute)', command, ...first, ...args);
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

/** npm empties the folder behind a link, which is that of another checkout. */
function returnLent(folder) {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(folder);
}

/** Half a second where nothing changed. */
function build() {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return run('compiling', process.execPath, tsc, '--build', 'tsconfig.build.json');
}

/** What a command says goes to stderr: stdout is that of what is set up. */
async function run(what, command, ...args) {
  const announcing = setTimeout(() => console.error(`berth: ${what}`), UNNOTICED_MS);
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  const [code] = await once(child, 'close');
  clearTimeout(announcing);
  if (code !== 0) throw new SetUpFailed(`${what} failed`);
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUp();
